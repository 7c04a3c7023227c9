package keys

import "kmsplan.dev/kmsplan/internal/envelope"

// Replace puts a data key's new wrap where the old one of the same key stood, or in place of the
// only KMS key there was, or else before the others.
func Replace(old []*envelope.Stanza, fresh envelope.KMSStanza) ([]*envelope.Stanza, error) {
	stanza, err := fresh.Stanza()
	if err != nil {
		return nil, err
	}
	same, others := -1, []int{}
	for i, s := range old {
		switch k, err := envelope.ParseKMSStanza(s); {
		case err != nil:
		case KeyID(k.KeyARN) == KeyID(fresh.KeyARN):
			same = i
		default:
			others = append(others, i)
		}
	}
	if same < 0 && len(others) == 1 {
		same = others[0]
	}
	if same < 0 {
		return append([]*envelope.Stanza{stanza}, old...), nil
	}
	out := append([]*envelope.Stanza{}, old...)
	out[same] = stanza
	return out, nil
}
