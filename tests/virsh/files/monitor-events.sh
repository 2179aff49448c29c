#!/bin/sh
# usage: monitor-events.sh "event …" COMMAND… : what the first tells while the others are run by virsh itself.
virsh "$1" > told &
listener=$!
shift

# It listens when it has had nothing to do for a while.
calm=0
used=
while [ $calm -lt 3 ]; do
    sleep 0.1
    now=$(cut -d ' ' -f 14,15 /proc/$listener/stat 2> /dev/null)
    if [ "$now" = "$used" ]; then calm=$((calm + 1)); else calm=0; fi
    used=$now
done

for command; do
    case $command in
    python3*) $command ;;
    *) PATH="${PATH#*:}" virsh -q "$command" > /dev/null ;;
    esac
done
sleep 0.2
kill -INT $listener 2> /dev/null
wait $listener
echo "status $?"
cat told
