package kafkatest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// image is the container that serves where Java or Maven are missing.
const image = "apache/kafka:" + kafkaVersion

// dockerWorks tells whether containers can be started, not only whether there
// is a command of that name.
func dockerWorks() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil
}

// pullImage gets the image unless it is there, so that no broker's start has to
// wait for it.
func pullImage(image string) error {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	if exec.CommandContext(ctx, "docker", "image", "inspect", image).Run() == nil {
		return nil
	}
	if out, err := exec.CommandContext(ctx, "docker", "pull", "--quiet", image).CombinedOutput(); err != nil {
		return fmt.Errorf("pulling the image %s: %w\n%s", image, err, out)
	}
	return nil
}

// runContainer runs java in the image instead, on the host's network and with
// the workspace at its own path, so that everything else is as without it.
// Host networking is why this serves on Linux only (and in Docker Desktop where
// it is switched on). Its tests have a stand-in for docker only: how the image
// itself behaves is not proven by them.
func (d *distribution) runContainer(workspace string, jvm, args []string) (command, error) {
	flags := []string{"--user", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()), "--entrypoint", "java"}
	return dockerRun(workspace, image, flags, append(jvm, args...))
}

// dockerRun makes the command that runs an image on the host's network, with the
// workspace at its own path.
func dockerRun(workspace, image string, flags, args []string) (command, error) {
	name, err := os.MkdirTemp(workspace, "container-")
	if err != nil {
		return command{}, fmt.Errorf("naming a container: %w", err)
	}
	container := filepath.Base(workspace) + "-" + filepath.Base(name)
	all := []string{
		"docker", "run", "--rm", "--name", container, "--network", "host",
		"--volume", workspace + ":" + workspace, "--workdir", name,
	}
	all = append(append(all, flags...), image)
	return command{args: append(all, args...), container: container}, nil
}
