package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

const (
	dbFile      = "kms.db"
	checkPlace  = "root key check" // sealed under itself, proves the root key
	checkText   = "kmsplan emulator 1"
	diskTimeout = 5 * time.Second // the directory's lock is held already; only a foreign tool can hold the file
)

var (
	recordBucket = []byte("records")
	metaBucket   = []byte("meta")
	checkKey     = []byte("check")
)

// openDisk opens the file, proves the root key and reads every record.
func (db *DB) openDisk() (err error) {
	path := filepath.Join(db.dir, dbFile)
	_, statErr := os.Stat(path)
	// A damaged file can make the reader panic or fault inside its memory map.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged(path, fmt.Errorf("%v", p))
		}
	}()
	if err := db.mapFile(path); err != nil {
		return err
	}
	if db.seal, err = loadRootKey(db.dir, statErr == nil && hasRecords(db.disk)); err != nil {
		return err
	}
	if err := db.proveRootKey(); err != nil {
		return err
	}
	if err := db.readAll(path); err != nil {
		return err
	}
	return db.letGo(path)
}

func (db *DB) mapFile(path string) error {
	disk, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: diskTimeout, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("open the emulator's data: %w", err)
		}
		return damaged(path, err)
	}
	db.disk = disk
	return nil
}

// letGo opens the file anew, because the pages that were read stay in the memory of who maps it, 33 MiB of them for ten
// thousand keys. Nothing is read from it again.
func (db *DB) letGo(path string) error {
	disk := db.disk
	db.disk = nil
	if err := disk.Close(); err != nil {
		return fmt.Errorf("open the emulator's data: %w", err)
	}
	return db.mapFile(path)
}

func damaged(path string, err error) error {
	return fmt.Errorf("the emulator's data file %s is damaged (%w): restore it from a backup or load a snapshot into a new directory, or remove the directory to start anew", path, err)
}

func hasRecords(disk *bbolt.DB) bool {
	found := false
	_ = disk.View(func(tx *bbolt.Tx) error {
		found = tx.Bucket(metaBucket) != nil
		return nil
	})
	return found
}

// proveRootKey writes the check record into a new file and reads it from an old
// one, so that a wrong root key is told from damage.
func (db *DB) proveRootKey() error {
	return db.disk.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		if _, err := tx.CreateBucketIfNotExists(recordBucket); err != nil {
			return err
		}
		sealed := meta.Get(checkKey)
		if sealed == nil {
			return meta.Put(checkKey, db.seal.seal(checkPlace, []byte(checkText)))
		}
		if text, err := db.seal.open(checkPlace, sealed); err != nil || string(text) != checkText {
			return fmt.Errorf("the root key %s does not open the records in %s: restore the root.key that belongs to them, or remove the directory to start anew",
				filepath.Join(db.dir, rootKeyFile), db.dir)
		}
		return nil
	})
}

func (db *DB) readAll(path string) error {
	b := builder{seed: db.seed} // the file is read in the order of its keys
	err := db.disk.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(recordBucket).ForEach(func(k, sealed []byte) error {
			place := string(k)
			plain, err := db.seal.open(place, sealed)
			if err != nil {
				return damaged(path, fmt.Errorf("record %q does not authenticate", place))
			}
			b.add(place, &entry{plain: plain})
			return nil
		})
	})
	db.show(b.tree())
	return err
}

// persist writes the changes in one durable transaction.
func (db *DB) persist(changes map[string]*entry) error {
	if db.disk == nil {
		return nil
	}
	err := db.disk.Update(func(tx *bbolt.Tx) error {
		records := tx.Bucket(recordBucket)
		for place, e := range changes {
			if err := db.write(records, place, e); err != nil {
				return err
			}
		}
		return nil
	})
	if isFull(err) {
		return db.fullError(err)
	}
	if err != nil {
		return fmt.Errorf("write the emulator's data in %s, nothing was changed: %w", db.dir, err)
	}
	return nil
}

// isFull looks at the text too, because bbolt does not wrap what made a file's
// growth fail.
func isFull(err error) bool {
	if err == nil {
		return false
	}
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}

func (db *DB) write(records *bbolt.Bucket, place string, e *entry) error {
	if e == nil {
		return records.Delete([]byte(place))
	}
	return records.Put([]byte(place), db.seal.seal(place, e.encoded()))
}
