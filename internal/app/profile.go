package app

import (
	"net/http"
	"net/http/pprof"
)

// profiled adds the profiles of the Go runtime to what the socket in the data
// folder answers. Whoever can open that may do everything in any case; on the
// network they are not.
func profiled(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return mux
}
