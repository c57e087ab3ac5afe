package sandbox

import "slices"

var (
	compatibilityModes = []string{
		"NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE",
	}
	// writeModes lack Confluent's IMPORT, which is for copying registries.
	writeModes = []string{"READWRITE", "READONLY", "READONLY_OVERRIDE"}
)

// showSetting answers with what is set for the subject, or for all when the path
// has none.
func (r *registry) showSetting(a asked, field string, of func(*registryState) map[string]string, unset error) (any, error) {
	var value string
	err := r.look(func(s *registryState) error {
		settings := of(s)
		own, set := settings[a.subject]
		switch {
		case set:
			value = own
		case a.URL.Query().Get("defaultToGlobal") == "true":
			value = setting(settings, a.subject)
		default:
			return unset
		}
		return nil
	})
	return map[string]string{field: value}, err
}

// setSetting sets it.
func (r *registry) setSetting(a asked, field string, of func(*registryState) map[string]string, allowed []string, code int) (any, error) {
	var sent map[string]any
	if err := a.body(&sent); err != nil {
		return nil, err
	}
	value, _ := sent[field].(string)
	if !slices.Contains(allowed, value) {
		return nil, refuse(code, "Invalid %s: %v. Valid values are %v", field, sent[field], allowed)
	}
	return map[string]string{field: value}, r.change(func(s *registryState) error {
		of(s)[a.subject] = value
		return nil
	})
}

// unsetSetting removes a subject's own, and answers with what it was.
func (r *registry) unsetSetting(a asked, field string, of func(*registryState) map[string]string) (any, error) {
	var value string
	err := r.change(func(s *registryState) error {
		own, set := of(s)[a.subject]
		if !set {
			return noSubject(a.subject)
		}
		value = own
		delete(of(s), a.subject)
		return nil
	})
	return map[string]string{field: value}, err
}

func compatibility(s *registryState) map[string]string { return s.Compatibility }
func writeMode(s *registryState) map[string]string     { return s.Mode }

func (r *registry) showConfig(a asked) (any, error) {
	unset := refuse(40408, "Subject '%s' does not have subject-level compatibility configured", a.subject)
	return r.showSetting(a, "compatibilityLevel", compatibility, unset)
}

func (r *registry) setConfig(a asked) (any, error) {
	return r.setSetting(a, "compatibility", compatibility, compatibilityModes, 42203)
}

func (r *registry) unsetConfig(a asked) (any, error) {
	return r.unsetSetting(a, "compatibilityLevel", compatibility)
}

func (r *registry) showMode(a asked) (any, error) {
	unset := refuse(40409, "Subject '%s' does not have subject-level mode configured", a.subject)
	return r.showSetting(a, "mode", writeMode, unset)
}

func (r *registry) setMode(a asked) (any, error) {
	return r.setSetting(a, "mode", writeMode, writeModes, 42204)
}

func (r *registry) unsetMode(a asked) (any, error) {
	return r.unsetSetting(a, "mode", writeMode)
}
