package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

const (
	volumesPrefix    = "backupstore/volumes/"
	defaultBlockSize = 2 * 1024 * 1024
	lockHome         = "BACKINGIMAGE"
)

func (s *store) readVolumes() {
	seen := map[string]bool{}
	for _, file := range s.below(volumesPrefix) {
		parts := strings.SplitN(strings.TrimPrefix(file, volumesPrefix), "/", 4)
		if len(parts) < 4 {
			continue
		}
		name := parts[2]
		if seen[name] {
			continue
		}
		seen[name] = true
		sum := shortChecksum([]byte(name))
		folder := fmt.Sprintf("%s%s/%s/%s/", volumesPrefix, sum[0:2], sum[2:4], name)
		if !strings.HasPrefix(file, folder) {
			s.problem("%s: volume in the wrong shard", file)
			continue
		}
		s.readLocks(folder)
		if name != lockHome {
			s.readVolume(name, folder)
		}
	}
}

func (s *store) readLocks(folder string) {
	for _, file := range s.below(folder + "locks/") {
		var lock lockFile
		body, err := s.read(file)
		if err == nil {
			err = decodeExactly(body, &lock)
		}
		name := strings.TrimSuffix(file[strings.LastIndex(file, "/")+1:], ".lck")
		switch {
		case err != nil:
			s.problem("%s: %v", file, err)
		case lock.Name != name || !lockPattern.MatchString(name) || lock.Type < 1 || lock.Type > 2:
			s.problem("%s: lock %q of type %d", file, lock.Name, lock.Type)
		case !s.partial:
			s.problem("%s: a lock is left", file)
		}
	}
}

func (s *store) readVolume(name, folder string) {
	var config volumeConfig
	if s.partial && len(s.below(folder)) == len(s.below(folder+"locks/")) {
		return
	}
	if err := s.readConfig(folder+"volume.cfg", &config); err != nil {
		s.problem("%svolume.cfg: %v", folder, err)
		return
	}
	if config.Name != name || !namePattern.MatchString(name) {
		s.problem("%svolume.cfg: it is of volume %q", folder, config.Name)
	}
	s.judgeVolume(folder+"volume.cfg", &config)
	p := s.openPool(folder + "blocks/")
	backups := map[string]*backupConfig{}
	s.report.Volumes[name] = map[string]string{}
	for _, file := range s.below(folder + "backups/") {
		backup := s.readBackup(file, folder, &config, p)
		if backup != nil {
			backups[backup.Name] = backup
		}
	}
	s.judgeLast(folder+"volume.cfg", &config, backups)
	if inUse := p.judgeOrphans(); config.BlockCount != inUse && !s.partial {
		s.problem("%svolume.cfg: BlockCount is %d, %d blocks are in use", folder, config.BlockCount, inUse)
	}
}

func (s *store) judgeVolume(file string, config *volumeConfig) {
	if !isSeconds(config.CreatedTime) {
		s.problem("%s: CreatedTime %q", file, config.CreatedTime)
	}
	switch config.CompressionMethod {
	case "none", "gzip", "lz4":
	default:
		s.problem("%s: CompressionMethod %q", file, config.CompressionMethod)
	}
	// Only a single-file backup leaves it empty.
	if config.DataEngine != "v1" && config.DataEngine != "v2" && (config.DataEngine != "" || config.BlockCount > 0) {
		s.problem("%s: DataEngine %q", file, config.DataEngine)
	}
	if config.Size < 0 {
		s.problem("%s: Size %d", file, config.Size)
	}
}

func (s *store) judgeLast(file string, config *volumeConfig, backups map[string]*backupConfig) {
	if config.LastBackupName == "" {
		if config.LastBackupAt != "" {
			s.problem("%s: LastBackupAt without LastBackupName", file)
		}
		return
	}
	last := backups[config.LastBackupName]
	if last == nil {
		if !s.partial {
			s.problem("%s: its last backup %q is not there", file, config.LastBackupName)
		}
		return
	}
	if last.SnapshotCreatedAt != config.LastBackupAt {
		s.problem("%s: LastBackupAt is %q, its snapshot was made %q", file, config.LastBackupAt, last.SnapshotCreatedAt)
	}
}

func (s *store) readConfig(file string, into any) error {
	body, err := s.read(file)
	if err != nil {
		return err
	}
	switch config := into.(type) {
	case *volumeConfig:
		return decodeExactly(body, config)
	case *backupConfig:
		return decodeExactly(body, config)
	case *backingImageConfig:
		return decodeExactly(body, config)
	case *systemBackupConfig:
		return decodeExactly(body, config)
	}
	return errors.New("unknown kind of config")
}

// readBackup reads, judges and restores one backup; nil when it is not complete.
func (s *store) readBackup(file, folder string, volume *volumeConfig, p *pool) *backupConfig {
	var config backupConfig
	if err := s.readConfig(file, &config); err != nil {
		s.problem("%s: %v", file, err)
		return nil
	}
	if file != fmt.Sprintf("%sbackups/backup_%s.cfg", folder, config.Name) || config.VolumeName != volume.Name {
		s.problem("%s: it is backup %q of volume %q", file, config.Name, config.VolumeName)
	}
	if config.CreatedTime == "" {
		s.judgeInProgress(file, &config)
		return nil
	}
	if config.SingleFile.FilePath != "" {
		s.taken[config.SingleFile.FilePath] = true
		return &config
	}
	blockSize, err := s.judgeBackup(file, &config, volume)
	if err != nil {
		s.problem("%s: %v", file, err)
		return &config
	}
	image := sha256.New()
	if err := p.restore(image, mappings{config.Blocks, blockSize, volume.Size, config.CompressionMethod, false}); err != nil {
		s.problem("%s: %v", file, err)
		return &config
	}
	s.report.Volumes[volume.Name][config.Name] = hex.EncodeToString(image.Sum(nil))
	return &config
}

func (s *store) judgeInProgress(file string, config *backupConfig) {
	if !s.partial {
		s.problem("%s: in progress", file)
	}
	if config.SnapshotName != "" || config.Size != 0 || config.Labels != nil || config.Parameters != nil || len(config.Blocks) > 0 {
		s.problem("%s: in progress, and yet with content", file)
	}
}

func (s *store) judgeBackup(file string, config *backupConfig, volume *volumeConfig) (int64, error) {
	blockSize := int64(defaultBlockSize)
	if text, ok := config.Parameters["backup-block-size"]; ok {
		size, err := strconv.ParseInt(text, 10, 64)
		if err != nil || size <= 0 {
			return 0, fmt.Errorf("invalid block size %s", text)
		}
		blockSize = size
	}
	if mode, ok := config.Parameters["backup-mode"]; ok && mode != "full" && mode != "incremental" {
		s.problem("%s: backup-mode %q", file, mode)
	}
	if !isSeconds(config.CreatedTime) {
		s.problem("%s: CreatedTime %q", file, config.CreatedTime)
	}
	if config.CompressionMethod != volume.CompressionMethod {
		s.problem("%s: CompressionMethod %q, the volume's is %q", file, config.CompressionMethod, volume.CompressionMethod)
	}
	if want := int64(len(config.Blocks)) * blockSize; config.Size != want {
		s.problem("%s: Size is %d, its blocks have %d bytes", file, config.Size, want)
	}
	if config.NewlyUploadedDataSize < 0 || config.ReUploadedDataSize < 0 || config.SnapshotName == "" {
		s.problem("%s: its counters or its snapshot's name are not right", file)
	}
	if processing := string(config.ProcessingBlocks); processing != "{}" && processing != "null" {
		s.problem("%s: ProcessingBlocks is %s", file, processing)
	}
	return blockSize, nil
}

// mappings is a block list and what it is a list of.
type mappings struct {
	blocks    []blockMapping
	blockSize int64
	size      int64
	method    string
	endsShort bool
}

// restore writes the image to a hash, in order, and proves every block on the way.
func (p *pool) restore(image hash.Hash, m mappings) error {
	position := int64(0)
	for _, mapping := range m.blocks {
		if mapping.Offset < position || mapping.Offset%m.blockSize != 0 {
			return fmt.Errorf("offset %d is not in ascending order, not unique or no multiple of %d", mapping.Offset, m.blockSize)
		}
		if !checksumPattern.MatchString(mapping.BlockChecksum) {
			return fmt.Errorf("checksum %q at offset %d", mapping.BlockChecksum, mapping.Offset)
		}
		block, err := p.fetch(mapping.BlockChecksum, m.method)
		if err != nil {
			return err
		}
		want := m.blockSize
		if m.endsShort {
			want = min(want, m.size-mapping.Offset)
		}
		if int64(len(block)) != want {
			return fmt.Errorf("block %s has %d bytes instead of %d", mapping.BlockChecksum, len(block), want)
		}
		writeZeros(image, mapping.Offset-position)
		image.Write(block)
		position = mapping.Offset + want
	}
	if position > m.size {
		return fmt.Errorf("blocks reach up to %d, the size is %d", position, m.size)
	}
	writeZeros(image, m.size-position)
	return nil
}

func writeZeros(image hash.Hash, count int64) {
	zeros := make([]byte, 1<<20)
	for ; count > 0; count -= int64(len(zeros)) {
		image.Write(zeros[:min(count, int64(len(zeros)))])
	}
}
