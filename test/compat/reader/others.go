package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

const (
	imagesPrefix        = "backupstore/backing-images/backing-images/"
	imageBlocksPrefix   = "backupstore/backing-images/blocks/"
	systemBackupsPrefix = "backupstore/system-backups/"
)

func (s *store) readBackingImages() {
	p := s.openPool(imageBlocksPrefix)
	for _, file := range s.below(imagesPrefix) {
		if strings.HasSuffix(file, "/backing-image.cfg") {
			s.readBackingImage(file, p)
		}
	}
	p.judgeOrphans()
}

func (s *store) readBackingImage(file string, p *pool) {
	var config backingImageConfig
	if err := s.readConfig(file, &config); err != nil {
		s.problem("%s: %v", file, err)
		return
	}
	if file != fmt.Sprintf("%s%s/backing-image.cfg", imagesPrefix, config.Name) {
		s.problem("%s: it is of backing image %q", file, config.Name)
	}
	if config.CompleteTime == "" {
		if !s.partial {
			s.problem("%s: in progress", file)
		}
		return
	}
	if !isSeconds(config.CreatedTime) || !isSeconds(config.CompleteTime) {
		s.problem("%s: CreatedTime %q, CompleteTime %q", file, config.CreatedTime, config.CompleteTime)
	}
	if config.BlockCount != int64(len(config.Blocks)) {
		s.problem("%s: BlockCount is %d for %d mappings", file, config.BlockCount, len(config.Blocks))
	}
	image, own := sha256.New(), sha512.New()
	both := &twoHashes{image, own}
	if err := p.restore(both, mappings{config.Blocks, defaultBlockSize, config.Size, config.CompressionMethod, true}); err != nil {
		s.problem("%s: %v", file, err)
		return
	}
	if sum := hex.EncodeToString(own.Sum(nil)); len(config.Checksum) == len(sum) && config.Checksum != sum {
		s.problem("%s: Checksum is %s, the image has %s", file, config.Checksum, sum)
	}
	s.report.BackingImages[config.Name] = hex.EncodeToString(image.Sum(nil))
}

// twoHashes writes to two; the rest is the first one's.
type twoHashes struct {
	hash.Hash
	second io.Writer
}

func (t *twoHashes) Write(data []byte) (int, error) {
	if _, err := t.second.Write(data); err != nil {
		return 0, err
	}
	return t.Hash.Write(data)
}

func (s *store) readSystemBackups() {
	for _, file := range s.below(systemBackupsPrefix) {
		folder, isConfig := strings.CutSuffix(file, "system-backup.cfg")
		if !isConfig {
			continue
		}
		var config systemBackupConfig
		if err := s.readConfig(file, &config); err != nil {
			s.problem("%s: %v", file, err)
			continue
		}
		if folder != fmt.Sprintf("%s%s/%s/", systemBackupsPrefix, config.LonghornVersion, config.Name) {
			s.problem("%s: it is %q of version %q", file, config.Name, config.LonghornVersion)
		}
		body, err := s.read(folder + "system-backup.zip")
		if err != nil {
			s.problem("%s: %v", file, err)
			continue
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(body)); sum != config.Checksum {
			s.problem("%s: Checksum is %s, the file has %s", file, config.Checksum, sum)
		}
		s.report.SystemBackups = append(s.report.SystemBackups, config.LonghornVersion+"/"+config.Name)
	}
}
