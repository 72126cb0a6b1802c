package main

// Small machines and containers have no time zones of their own, and desks are
// given back at 02:00 in those of the domains.
import _ "time/tzdata"
