package commands

import (
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageWidth is that of the narrowest terminal that answers are made for.
const usageWidth = 80

// wrappedFlags is known to cobra's templates, which are the same for all commands of a
// process.
var wrappedFlags = sync.OnceFunc(func() {
	cobra.AddTemplateFunc("wrapped", func(flags *pflag.FlagSet) string {
		return strings.TrimRight(flags.FlagUsagesWrapped(usageWidth), " \n")
	})
})

// wrapUsage keeps what is said of flags within a terminal, below each other.
func wrapUsage(root *cobra.Command) {
	wrappedFlags()
	root.SetUsageTemplate(strings.NewReplacer(
		"{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}", "{{wrapped .LocalFlags}}",
		"{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}", "{{wrapped .InheritedFlags}}",
	).Replace(root.UsageTemplate()))
}
