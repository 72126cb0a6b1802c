// Command describe writes the OpenAPI document of the API, from which the Go
// client is generated, to its standard output.
package main

import (
	"fmt"
	"os"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi"
)

func main() {
	document, err := restapi.New(restapi.Config{Version: "v1"}).OpenAPI()
	if err == nil {
		_, err = os.Stdout.Write(document)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
