// Package deploy holds what others load: alert rules for Prometheus, and a dashboard for
// Grafana. Its tests read them with the code of Prometheus and the schema of Grafana.
// Those bring more libraries than evtctl has, so that this is a module of its own, which
// nothing else imports: "make test" runs it too.
package deploy
