package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/pierrec/lz4/v4"
)

// The first bytes of every block that the format's own library writes.
var (
	gzipHeader = []byte{0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff}
	// Magic, then FLG: version 1, independent blocks, content checksum. The size of the frame's blocks may be any.
	lz4Header = []byte{0x04, 0x22, 0x4d, 0x18, 0x64}
)

// shortChecksum is the format's checksum: the first 64 hex digits of SHA-512.
func shortChecksum(data []byte) string {
	sum := sha512.Sum512(data)
	return hex.EncodeToString(sum[:])[:64]
}

// pool is a folder of blocks and what refers to them.
type pool struct {
	store  *store
	prefix string
	// present are the block files by checksum; used those that some config refers to.
	present map[string]string
	used    map[string]bool
}

func (s *store) openPool(prefix string) *pool {
	p := &pool{store: s, prefix: prefix, present: map[string]string{}, used: map[string]bool{}}
	for _, file := range s.below(prefix) {
		s.taken[file] = true
		s.report.Blocks++
		checksum := strings.TrimSuffix(file[strings.LastIndex(file, "/")+1:], ".blk")
		if !checksumPattern.MatchString(checksum) || file != p.path(checksum) {
			s.problem("%s: no block at its place", file)
			continue
		}
		p.present[checksum] = file
	}
	return p
}

func (p *pool) path(checksum string) string {
	return fmt.Sprintf("%s%s/%s/%s.blk", p.prefix, checksum[0:2], checksum[2:4], checksum)
}

// fetch reads, decompresses and proves one block.
func (p *pool) fetch(checksum, method string) ([]byte, error) {
	p.used[checksum] = true
	file, ok := p.present[checksum]
	if !ok {
		return nil, fmt.Errorf("block %s is missing", checksum)
	}
	body, err := p.store.read(file)
	if err != nil {
		return nil, err
	}
	block, err := decompress(body, method)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if got := shortChecksum(block); got != checksum {
		return nil, fmt.Errorf("%s: its content has the checksum %s", file, got)
	}
	return block, nil
}

// judgeOrphans reports blocks that nothing refers to and returns how many are referred to.
func (p *pool) judgeOrphans() int64 {
	var inUse int64
	orphans := []string{}
	for checksum, file := range p.present {
		if p.used[checksum] {
			inUse++
		} else {
			orphans = append(orphans, file)
		}
	}
	sort.Strings(orphans)
	if !p.store.partial {
		for _, file := range orphans {
			p.store.problem("%s: nothing refers to it", file)
		}
	}
	return inUse
}

func decompress(body []byte, method string) ([]byte, error) {
	// In a shared pool a block may have been written with the other method; the format's library then takes that.
	if method == "gzip" && bytes.HasPrefix(body, lz4Header[:4]) {
		method = "lz4"
	} else if method == "lz4" && bytes.HasPrefix(body, gzipHeader[:3]) {
		method = "gzip"
	}
	switch method {
	case "none":
		return body, nil
	case "gzip":
		if !bytes.HasPrefix(body, gzipHeader) {
			return nil, fmt.Errorf("its gzip header is %x", body[:min(10, len(body))])
		}
		reader, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	case "lz4":
		if !bytes.HasPrefix(body, lz4Header) {
			return nil, fmt.Errorf("its lz4 frame begins with %x", body[:min(7, len(body))])
		}
		return io.ReadAll(lz4.NewReader(bytes.NewReader(body)))
	}
	return nil, fmt.Errorf("unsupported compression method: %s", method)
}
