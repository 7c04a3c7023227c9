package oss

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/safety"
)

func (h *handle) failure(err error) error { return h.of.failure(h.object.Name, err) }

// write is a new content on its way.
type write struct {
	*handle
	attributes
	content io.Reader // what is sent; after it the bytes from copied on are the service's to copy
	known   int64     // bytes of content; -1 = not known
	copied  int64     // offset in the old content; its size = nothing is copied
	first   []byte    // the beginning of content, at most a part
	sent    int64
}

// Replace implements source.Handle. Where another writes in the moment between the last look and the write, that version
// stays, and is named.
func (h *handle) Replace(ctx context.Context, c source.Content) (source.Written, error) {
	if err := h.mayReplace(ctx, c); err != nil {
		return source.Written{}, err
	}
	w := &write{handle: h}
	var err error
	w.lay(c)
	if w.first, err = io.ReadAll(io.LimitReader(w.content, h.of.part+1)); err != nil {
		return source.Written{}, fmt.Errorf("read the new content: %w", err)
	}
	if w.attributes, err = h.attributes(ctx); err != nil {
		return source.Written{}, err
	}
	write := w.put
	if w.copied < h.object.Size || int64(len(w.first)) > h.of.part {
		write = w.upload
	}
	id, etag, err := write(ctx)
	if err != nil {
		return source.Written{}, err
	}
	foreign, err := h.between(ctx, id)
	if err != nil {
		return source.Written{}, fmt.Errorf("it was written as version %s, and the versions before it could not be read: %w", id, err)
	}
	return source.Written{Revision: etag, Sent: w.sent, Copied: h.object.Size - w.copied, Foreign: foreign}, nil
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// mayReplace refuses what could not be undone: a bucket without versions would lose what another writes in between.
func (h *handle) mayReplace(ctx context.Context, c source.Content) error {
	if err := h.of.keepsVersions(ctx); err != nil && !safety.Off(safety.OSSVersioned) {
		return err
	}
	switch class := sdk.ToString(h.head.StorageClass); {
	case sdk.ToString(h.head.ObjectType) == "Appendable":
		return h.failure(fmt.Errorf("%w: it is an append object, which would be one no more", source.ErrRefused))
	case sdk.ToString(h.head.ObjectType) == "Symlink":
		return h.failure(fmt.Errorf("%w: it is a link to another object", source.ErrRefused))
	case strings.HasSuffix(class, "Archive") && !strings.Contains(sdk.ToString(h.head.Restore), `ongoing-request="false"`):
		return h.failure(fmt.Errorf("%w: it is archived (%s); restore it first", source.ErrRefused, class))
	case c.Keep > h.object.Size:
		return h.failure(fmt.Errorf("the bytes from %d on are to be kept of %d", c.Keep, h.object.Size))
	}
	return nil
}

// lay decides what is sent and what the service copies. What is sent before a copy is a part, which has a least size.
func (w *write) lay(c source.Content) {
	w.content, w.known, w.copied = c.Head, c.Size, w.object.Size
	if c.Size >= 0 {
		w.content = &sized{c.Head, c.Size}
	}
	if c.Keep < 0 || c.Keep == w.object.Size {
		return
	}
	w.copied = c.Keep
	if w.object.Size-c.Keep < copyLeast || c.Size < 0 {
		w.copied = w.object.Size
	} else if c.Size < pieceLeast {
		w.copied = c.Keep + pieceLeast - c.Size
	}
	if more := w.copied - c.Keep; more > 0 {
		w.content = io.MultiReader(w.content, io.NewSectionReader(w.handle, c.Keep, more))
		if w.known >= 0 {
			w.known += more
		}
	}
}

var errSize = errors.New("the new content has another size than was said")

// sized is a reader of exactly so many bytes.
type sized struct {
	from io.Reader
	left int64
}

func (s *sized) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.left -= int64(n)
	if s.left < 0 || errors.Is(err, io.EOF) && s.left > 0 {
		return n, errSize
	}
	return n, err
}

// unchanged looks once more, right before the write, whether the object is the version that was opened.
func (w *write) unchanged(ctx context.Context) error {
	now, err := w.of.look(ctx, w.object.Name, nil)
	if err != nil {
		return err
	}
	return w.still(now.VersionId)
}

// still refuses an object that is another version than was opened.
func (h *handle) still(now *string) error {
	if sdk.ToString(now) != sdk.ToString(h.head.VersionId) && !safety.Off(safety.OSSLooksFirst) {
		return h.failure(source.ErrChanged)
	}
	return nil
}

// afterwards bounds how long is found out what became of a write whose caller gives up.
const afterwards = 30 * time.Second

// settle writes, as often as it takes. After an answer that was lost, the versions say whether there is one of ours before
// it is written again, and before an error is returned.
func (w *write) settle(ctx context.Context, call func(context.Context) (id, etag string, err error)) (id, etag string, err error) {
	asked := false
	err = w.of.do(ctx, func(ctx context.Context) error {
		if asked && !safety.Off(safety.OSSLostAnswer) {
			if id, etag, err = w.ours(ctx); err != nil || id != "" {
				return err
			}
		}
		asked = true
		id, etag, err = call(ctx)
		return err
	})
	if err == nil || final(err) && refusal(err).Code != "NoSuchUpload" {
		return id, etag, w.orFailure(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	if id, etag, late := w.ours(ctx); late == nil && id != "" {
		return id, etag, nil
	}
	return "", "", w.failure(err)
}

func (w *write) orFailure(err error) error {
	if err == nil {
		return nil
	}
	return w.failure(err)
}
