# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_msgq_global_optspecs
    string join \n h/help V/version
end

function __fish_msgq_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_msgq_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_msgq_using_subcommand
    set -l cmd (__fish_msgq_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c msgq -n "__fish_msgq_needs_command" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_needs_command" -s V -l version -d 'Print version'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "trace" -d 'Run a program and show each of its message queue calls'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "report" -d 'Tell what a recording says: who sent what to whom, how long it took, and what went wrong'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "run" -d 'Run a program with the library, without tracing'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "check" -d 'Run a program and tell what it does wrong with its queues'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "limits" -d 'Show the limits of all queues, and set them where that is permitted'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "demo" -d 'Hold a small conversation over a queue, to try the other commands on'
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s o -l output -d 'Write to FILE instead of standard error ("-": standard output)' -r -F
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s f -l format -d 'How calls are shown' -r -f -a "text\t'A line a call, as strace does'
json\t'A JSON object a line for each call'"
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s e -l calls -d 'Show only these calls' -r -f -a "msgget\t''
msgctl\t''
msgsnd\t''
msgrcv\t''"
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s q -l queue -d 'Show only calls on the queue with this id; may be repeated' -r
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s s -l bytes -d 'Keep so many bytes of each message' -r
complete -c msgq -n "__fish_msgq_using_subcommand trace" -l engine -d 'Where the queues live' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand trace" -l inject -d 'Have calls fail, wait or be struck by a signal; may be repeated' -r
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s w -l write -d 'Show nothing, and keep the recording in FILE' -r -F
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s r -l read -d 'Run nothing, and show the recording in FILE' -r -F
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s c -l summary -d 'Show no calls, but sums per call and per queue at the end'
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c msgq -n "__fish_msgq_using_subcommand report" -l waits -d 'Tell of every wait that took at least so many milliseconds' -r
complete -c msgq -n "__fish_msgq_using_subcommand report" -l json -d 'Write one JSON object instead of text'
complete -c msgq -n "__fish_msgq_using_subcommand report" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand run" -l engine -d 'Where the queues live' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand run" -l inject -d 'Have calls fail, wait or be struck by a signal; may be repeated' -r
complete -c msgq -n "__fish_msgq_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c msgq -n "__fish_msgq_using_subcommand check" -l error-exitcode -d 'Exit with N where something was found, and not as the program did' -r
complete -c msgq -n "__fish_msgq_using_subcommand check" -l engine -d 'Where the queues live' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand check" -l abort -d 'End the program at the first finding, as abort(3) does'
complete -c msgq -n "__fish_msgq_using_subcommand check" -l list -d 'Run nothing, and show what is checked'
complete -c msgq -n "__fish_msgq_using_subcommand check" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l engine -d 'Where the queues live' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l msgmax -d 'Set how many bytes a message may have' -r
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l msgmnb -d 'Set how many bytes a new queue may hold' -r
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l msgmni -d 'Set how many queues there may be' -r
complete -c msgq -n "__fish_msgq_using_subcommand limits" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand demo" -l waiter -d 'Be the waiter of this queue' -r
complete -c msgq -n "__fish_msgq_using_subcommand demo" -l broken-waiter -d 'Be the waiter of this queue, and wait for the wrong type' -r
complete -c msgq -n "__fish_msgq_using_subcommand demo" -l broken -d 'Let three things go wrong: a receiver waits for the wrong type, the queue fills, and it is left behind'
complete -c msgq -n "__fish_msgq_using_subcommand demo" -s h -l help -d 'Print help'
