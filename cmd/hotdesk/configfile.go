package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"
)

// configFile gives flags their values from a TOML file whose keys are the
// flags' names, with - or _ between words. A flag on the command line or in the
// environment wins over it.
type configFile map[string]any

// readConfigFile is the [kong.ConfigurationLoader] of --config.
func readConfigFile(from io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	err := toml.NewDecoder(from).Decode(&values)
	if at, is := errors.AsType[*toml.DecodeError](err); is {
		line, _ := at.Position()
		return nil, fmt.Errorf("configuration file, line %d: %w", line, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration file: %w", err)
	}
	file := configFile{}
	for key, value := range values {
		file[strings.ReplaceAll(key, "_", "-")] = value
	}
	return file, nil
}

// Validate refuses keys that are no flag of serve: a misspelt setting must not
// be ignored.
func (c configFile) Validate(app *kong.Application) error {
	unknown := maps.Clone(c)
	for _, command := range app.Children {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			delete(unknown, flag.Name)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("configuration file: no such setting: %s", strings.Join(slices.Sorted(maps.Keys(unknown)), ", "))
	}
	return nil
}

// Resolve implements [kong.Resolver].
func (c configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := c[flag.Name]
	if !ok || slices.ContainsFunc(flag.Envs, isSet) {
		return nil, nil
	}
	if list, isList := value.([]any); isList {
		words := make([]string, len(list))
		for i, word := range list {
			words[i] = fmt.Sprint(word)
		}
		return strings.Join(words, ","), nil
	}
	return fmt.Sprint(value), nil
}

func isSet(variable string) bool {
	_, ok := os.LookupEnv(variable)
	return ok
}
