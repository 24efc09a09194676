// Command reader opens a backup store in a directory as strictly as the format's own library would have written it, restores
// everything in it, and reports what breaks a rule. It shares no code with Mooring: what it accepts, Longhorn reads.
//
//	reader [-partial] DIR...
//
// The reports, one for each directory, are a JSON array on stdout: the SHA-256 of every image and the problems found. -partial accepts what an interrupted run
// may leave: in-progress configs, blocks without references, locks, temporary files, a block count that is too high or low.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// report is what the program prints of one directory.
type report struct {
	// Volumes holds the SHA-256 of each complete backup's image, by volume and backup.
	Volumes map[string]map[string]string `json:"volumes"`
	// BackingImages holds the SHA-256 of each complete backing image.
	BackingImages map[string]string `json:"backingImages"`
	// SystemBackups holds "<version>/<name>" of each.
	SystemBackups []string `json:"systemBackups"`
	// Blocks is how many block objects there are, of volumes and backing images.
	Blocks   int      `json:"blocks"`
	Problems []string `json:"problems"`
}

// store is the directory and what is known of it.
type store struct {
	root    string
	partial bool
	report  report
	// files are all paths below the root, slashes, sorted; taken are those that some rule has claimed.
	files []string
	taken map[string]bool
}

func main() {
	partial := flag.Bool("partial", false, "accept what an interrupted run may leave")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: reader [-partial] DIR...")
		os.Exit(2)
	}
	reports := []report{}
	for _, root := range flag.Args() {
		s := &store{root: root, partial: *partial, taken: map[string]bool{}}
		s.report = report{Volumes: map[string]map[string]string{}, BackingImages: map[string]string{}, SystemBackups: []string{}, Problems: []string{}}
		if err := s.readAll(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		reports = append(reports, s.report)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(reports); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (s *store) readAll() error {
	if err := s.walk(); err != nil {
		return err
	}
	s.readVolumes()
	s.readBackingImages()
	s.readSystemBackups()
	s.judgeRest()
	sort.Strings(s.report.Problems)
	return nil
}

func (s *store) walk() error {
	return filepath.WalkDir(s.root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return nil
		}
		relative, err := filepath.Rel(s.root, path)
		if err != nil {
			return err
		}
		s.files = append(s.files, filepath.ToSlash(relative))
		return nil
	})
}

func (s *store) problem(format string, arguments ...any) {
	s.report.Problems = append(s.report.Problems, fmt.Sprintf(format, arguments...))
}

// read takes a file and returns its content.
func (s *store) read(path string) ([]byte, error) {
	s.taken[path] = true
	return os.ReadFile(filepath.Join(s.root, filepath.FromSlash(path)))
}

// below returns the files whose path starts with prefix.
func (s *store) below(prefix string) []string {
	var found []string
	for _, file := range s.files {
		if strings.HasPrefix(file, prefix) && !isTemporary(file) {
			found = append(found, file)
		}
	}
	return found
}

func isTemporary(path string) bool {
	return strings.Contains(path[strings.LastIndex(path, "/")+1:], ".tmp.")
}

// judgeRest reports every file that belongs to nothing.
func (s *store) judgeRest() {
	for _, file := range s.files {
		if s.taken[file] || file == "backupstore/mooring.json" {
			continue
		}
		if s.partial && (isTemporary(file) || strings.HasSuffix(file, ".lck")) {
			continue
		}
		s.problem("%s: does not belong into the store", file)
	}
}
