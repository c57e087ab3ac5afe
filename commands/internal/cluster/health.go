package cluster

// Health are limits of "evtctl health" and "evtctl monitor", each as the flag of the
// same name takes it. What they mean, the commands know.
type Health struct {
	Window         string `yaml:"window,omitempty" json:"window,omitempty"`
	WarnLag        string `yaml:"warn_lag,omitempty" json:"warn_lag,omitempty"`
	MaxLag         string `yaml:"max_lag,omitempty" json:"max_lag,omitempty"`
	MaxTimeLag     string `yaml:"max_time_lag,omitempty" json:"max_time_lag,omitempty"`
	WarnLetters    string `yaml:"warn_letters,omitempty" json:"warn_letters,omitempty"`
	MaxLetters     string `yaml:"max_letters,omitempty" json:"max_letters,omitempty"`
	MaxRebalances  string `yaml:"max_rebalances,omitempty" json:"max_rebalances,omitempty"`
	WarnLatency    string `yaml:"warn_latency,omitempty" json:"warn_latency,omitempty"`
	MaxLatency     string `yaml:"max_latency,omitempty" json:"max_latency,omitempty"`
	WarnExpiry     string `yaml:"warn_expiry,omitempty" json:"warn_expiry,omitempty"`
	CriticalExpiry string `yaml:"critical_expiry,omitempty" json:"critical_expiry,omitempty"`
	MaxTransaction string `yaml:"max_transaction,omitempty" json:"max_transaction,omitempty"`
	FailOn         string `yaml:"fail_on,omitempty" json:"fail_on,omitempty"`
}

// HealthValue is one that is set: its key, and where.
type HealthValue struct{ Key, Value, Place string }

// HealthOf gives what the file sets for a context: its own values, and for the others
// those of the whole file. The context may be none.
func (c *Config) HealthOf(context string) (list []HealthValue) {
	own := &Health{}
	if found, ok := c.contexts[context]; ok && found.Health != nil {
		own = found.Health
	}
	general := &c.Health
	for i, value := range general.values() {
		place := c.path + ": health." + value.Key
		if mine := own.values()[i]; mine.Value != "" {
			value.Value, place = mine.Value, c.path+": contexts."+context+".health."+value.Key
		}
		if value.Place = place; value.Value != "" {
			list = append(list, value)
		}
	}
	return list
}

func (h *Health) values() []HealthValue {
	return []HealthValue{
		{Key: "window", Value: h.Window}, {Key: "warn_lag", Value: h.WarnLag}, {Key: "max_lag", Value: h.MaxLag},
		{Key: "max_time_lag", Value: h.MaxTimeLag}, {Key: "warn_letters", Value: h.WarnLetters}, {Key: "max_letters", Value: h.MaxLetters},
		{Key: "max_rebalances", Value: h.MaxRebalances}, {Key: "warn_latency", Value: h.WarnLatency}, {Key: "max_latency", Value: h.MaxLatency},
		{Key: "warn_expiry", Value: h.WarnExpiry}, {Key: "critical_expiry", Value: h.CriticalExpiry},
		{Key: "max_transaction", Value: h.MaxTransaction}, {Key: "fail_on", Value: h.FailOn},
	}
}
