package directory

import (
	"fmt"
	"hash/fnv"
	"strconv"
)

// Tag is a short text that is another one as soon as one of the values is, for
// a door that must notice that what it showed somebody has changed meanwhile.
// Values are objects of an office.
func Tag(values ...any) string {
	hash := fnv.New64a()
	for _, value := range values {
		_, _ = fmt.Fprintf(hash, "%#v\x00", value)
	}
	return strconv.FormatUint(hash.Sum64(), 36)
}
