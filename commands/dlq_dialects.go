package commands

import (
	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/dlq"
)

// dialects are the frameworks' with those of the contexts file before them.
func (e *Env) dialects() (dlq.Dialects, error) {
	config, err := cluster.Load(e.configPath())
	if err != nil {
		return dlq.Dialects{}, err
	}
	var own []dlq.Dialect
	for _, d := range config.Dialects {
		dialect := dialectOf(d)
		if _, err := dlq.NewDialects(dialect); err != nil { // one at a time, to say where it is
			return dlq.Dialects{}, usagef("\"evtctl dlq --help\" shows a dialect", "%s: %v", d.Place, err)
		}
		own = append(own, dialect)
	}
	all, err := dlq.NewDialects(own...)
	if err != nil {
		return dlq.Dialects{}, usagef("", "%s: %v", config.Path(), err)
	}
	return all, nil
}

func dialectOf(d cluster.Dialect) dlq.Dialect {
	dialect := dlq.Dialect{Name: d.Name, Marks: d.Marks, AllMarks: d.AllMarks, SourceTime: d.SourceTime}
	for _, f := range d.Fields {
		dialect.Fields = append(dialect.Fields, dlq.Field{
			Name: f.Field, Header: f.Header, Encoding: dlq.Encoding(f.Encoding), Pick: dlq.Pick(f.Pick),
		})
	}
	return dialect
}
