# Runs one program for a test process, and never lets it outlive that process.
#
#   sh keeper.sh CONTAINER FAREWELL PROGRAM ARGUMENT...
#
# Standard input is a pipe that only the test process can write to. Each line is
# the name of a signal for the program. The end of the pipe means that the test
# process is gone, however it went: then the program is killed.
# CONTAINER is the name of the container that PROGRAM runs, whose signals must go
# through Docker, or empty. FAREWELL is a signal to be sent 2 seconds before it is
# killed, or empty. The file "pid" gets the program's process id, the file
# "signals" a line for each signal that was sent.

container=$1
farewell=$2
shift 2

# A signal for the whole terminal (Ctrl-C) is the test process's to handle.
trap : HUP INT TERM

exec 4<&0 </dev/null
"$@" 4<&- &
program=$!
echo "$program" >pid

send() {
	if [ -n "$container" ]; then
		docker kill -s "$1" "$container" >/dev/null
	else
		kill -s "$1" "$program"
	fi
}

(
	trap '' HUP INT TERM
	while read -r name <&4; do
		send "$name"
		echo "$name" >>signals
	done
	if [ -n "$farewell" ]; then
		send "$farewell"
		sleep 2
	fi
	# Again and again, because a container may not have begun yet. This shell is
	# killed itself as soon as the program is gone.
	while :; do
		send KILL
		sleep 0.2
	done
) 2>/dev/null &
listener=$!

# A trapped signal interrupts wait, so wait until the program is really gone.
wait "$program"
code=$?
while kill -0 "$program" 2>/dev/null; do
	wait "$program"
	code=$?
done
kill -s KILL "$listener" 2>/dev/null
exit "$code"
