package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// The types below have the members, order and tags of the format (backupstore-format §2). A file is right when it decodes
// without unknown members and encodes to the same bytes again: that covers order, escaping, strings in place of
// numbers, strings encoded twice, compactness and the absent newline all at once.

type volumeConfig struct {
	Name                 string
	Size                 int64 `json:",string"`
	Labels               map[string]string
	CreatedTime          string
	LastBackupName       string
	LastBackupAt         string
	BlockCount           int64  `json:",string"`
	BackingImageName     string `json:",string"`
	BackingImageChecksum string `json:",string"`
	CompressionMethod    string `json:",string"`
	StorageClassName     string `json:",string"`
	DataEngine           string `json:",string"`
}

type blockMapping struct {
	Offset        int64
	BlockChecksum string
}

type singleFile struct {
	FilePath string
}

type backupConfig struct {
	Name                  string
	VolumeName            string
	SnapshotName          string
	SnapshotCreatedAt     string
	CreatedTime           string
	Size                  int64 `json:",string"`
	Labels                map[string]string
	Parameters            map[string]string
	IsIncremental         bool
	CompressionMethod     string
	NewlyUploadedDataSize int64 `json:",string"`
	ReUploadedDataSize    int64 `json:",string"`
	ProcessingBlocks      json.RawMessage
	Blocks                []blockMapping `json:",omitempty"`
	SingleFile            singleFile
}

type backingImageConfig struct {
	Name              string
	Size              int64 `json:",string"`
	BlockCount        int64 `json:",string"`
	Checksum          string
	Labels            map[string]string
	CompressionMethod string
	CreatedTime       string
	CompleteTime      string
	Secret            string
	SecretNamespace   string
	ProcessingBlocks  json.RawMessage
	Blocks            []blockMapping `json:",omitempty"`
}

type lockFile struct {
	Name     string
	Type     int
	Acquired bool
}

type systemBackupConfig struct {
	Name              string
	LonghornVersion   string
	LonghornGitCommit string
	BackupTargetURL   string
	ManagerImage      string
	EngineImage       string
	CreatedAt         time.Time
	Checksum          string
}

var (
	namePattern     = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)
	checksumPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	secondsPattern  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	lockPattern     = regexp.MustCompile(`^lock-[0-9a-f]{16}$`)
)

// decodeExactly decodes body and requires that it is byte for byte what encoding gives.
func decodeExactly[T any](body []byte, into *T) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	again, err := json.Marshal(into)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, body) {
		return fmt.Errorf("is not byte for byte what encoding/json writes: %s", firstDifference(body, again))
	}
	return nil
}

func firstDifference(got, want []byte) string {
	index := 0
	for index < len(got) && index < len(want) && got[index] == want[index] {
		index++
	}
	return fmt.Sprintf("at byte %d %q instead of %q", index, clip(got, index), clip(want, index))
}

func clip(body []byte, start int) []byte {
	return body[min(start, len(body)):min(start+40, len(body))]
}

// isSeconds tells whether text is a time as the format writes it: RFC 3339, UTC, whole seconds.
func isSeconds(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return err == nil && secondsPattern.MatchString(text)
}
