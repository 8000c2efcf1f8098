# Processes that do not want to end: every one ignores TERM; some leave the group, the session and their parents.
# Each writes its name into the folder $1 once it is there.
trap '' TERM HUP INT
stay() { trap '' TERM HUP INT; : > "$1"; while :; do sleep 1; done; }
export -f stay
(stay "$1/child") &
setsid bash -c "stay $1/session" &
(setsid bash -c "(stay $1/daemon) & exit" &)
setsid setsid bash -c "exec -a innocent bash -c 'trap \"\" TERM; (trap \"\" TERM; : > $1/grandchild; sleep 1000) & : > $1/renamed; sleep 1000'" &
stay "$1/root"
