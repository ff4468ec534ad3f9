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
complete -c msgq -n "__fish_msgq_needs_command" -f -a "ipcs" -d 'Show the queues, as ipcs(1) does'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "ipcrm" -d 'Remove queues, as ipcrm(1) does'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "flush" -d 'Empty queues, and keep them'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "send" -d 'Send a message, or all that were saved'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "recv" -d 'Receive messages, and write them'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "peek" -d 'Show messages, and leave them in their queue'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "top" -d 'Watch the queues live, and peek, flush and remove'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "limits" -d 'Show the limits of all queues, and set them where that is permitted'
complete -c msgq -n "__fish_msgq_needs_command" -f -a "demo" -d 'Hold a small conversation over a queue, to try the other commands on'
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s o -l output -d 'Write to FILE instead of standard error ("-": standard output)' -r -F
complete -c msgq -n "__fish_msgq_using_subcommand trace" -s f -l format -d 'How calls are shown' -r -f -a "text\t'A line a call, as strace does'
json\t'A JSON object a line for each call'
perfetto\t'A trace for Perfetto (ui.perfetto.dev), complete when CMD has ended; needs -o FILE'"
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
complete -c msgq -n "__fish_msgq_using_subcommand report" -l perfetto -d 'Write a trace for Perfetto (ui.perfetto.dev)' -r -F
complete -c msgq -n "__fish_msgq_using_subcommand report" -l waits -d 'Tell of every wait that took at least so many milliseconds' -r
complete -c msgq -n "__fish_msgq_using_subcommand report" -l html -d 'Write a page to look at, which needs nothing but a browser' -r -F
complete -c msgq -n "__fish_msgq_using_subcommand report" -l from -d 'Have the page show each call from this second of the recording on; before it, sums' -r
complete -c msgq -n "__fish_msgq_using_subcommand report" -l until -d 'Have the page show each call up to this second of the recording; after it, sums' -r
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
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s i -l id -d 'Show all about the queue with this id' -r
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s q -l queues -d 'Show queues, which is all there is'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s a -l all -d 'The same'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s t -l time -d 'Show when was last sent, received and changed'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s p -l pid -d 'Show which processes sent and received last'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s c -l creator -d 'Show creators and owners'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s l -l limits -d 'Show limits'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s u -l summary -d 'Show how many queues, messages and bytes there are'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s b -l bytes -d 'Show sizes in bytes'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -l human -d 'Show sizes with one digit after the point, and K, M or G'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -l json -d 'Write all that is known as JSON'
complete -c msgq -n "__fish_msgq_using_subcommand ipcs" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand ipcrm" -s q -l queue-id -d 'The queue with this id (msqid)' -r
complete -c msgq -n "__fish_msgq_using_subcommand ipcrm" -s Q -l queue-key -d 'The queue with this key: decimal, hexadecimal (0x4d2) or octal (02322)' -r
complete -c msgq -n "__fish_msgq_using_subcommand ipcrm" -s a -l all -d 'Remove all queues that this user may read' -r
complete -c msgq -n "__fish_msgq_using_subcommand ipcrm" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand ipcrm" -s v -l verbose -d 'Tell what is being removed'
complete -c msgq -n "__fish_msgq_using_subcommand ipcrm" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand flush" -s q -l queue-id -d 'The queue with this id (msqid)' -r
complete -c msgq -n "__fish_msgq_using_subcommand flush" -s Q -l queue-key -d 'The queue with this key: decimal, hexadecimal (0x4d2) or octal (02322)' -r
complete -c msgq -n "__fish_msgq_using_subcommand flush" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand flush" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand send" -s q -l queue-id -d 'The queue with this id (msqid)' -r
complete -c msgq -n "__fish_msgq_using_subcommand send" -s Q -l queue-key -d 'The queue with this key: decimal, hexadecimal (0x4d2) or octal (02322)' -r
complete -c msgq -n "__fish_msgq_using_subcommand send" -s t -l type -d 'The message\'s type, from 1 on' -r
complete -c msgq -n "__fish_msgq_using_subcommand send" -l create -d 'Make the queue where none has the key, with this mode or 600' -r
complete -c msgq -n "__fish_msgq_using_subcommand send" -l timeout -d 'Wait so long, 0.5, 500ms or 2m, and exit with 3 then; without a unit it is seconds' -r
complete -c msgq -n "__fish_msgq_using_subcommand send" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand send" -l json -d 'Read messages from standard input, a JSON object a line, as `msgq recv --json` writes them'
complete -c msgq -n "__fish_msgq_using_subcommand send" -l nowait -d 'Do not wait; exit with 3 instead'
complete -c msgq -n "__fish_msgq_using_subcommand send" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -s q -l queue-id -d 'The queue with this id (msqid)' -r
complete -c msgq -n "__fish_msgq_using_subcommand recv" -s Q -l queue-key -d 'The queue with this key: decimal, hexadecimal (0x4d2) or octal (02322)' -r
complete -c msgq -n "__fish_msgq_using_subcommand recv" -s t -l type -d 'Which messages: 7 (of this type), -7 (of this type or a lower one, the lowest first), !7 (of any other type) or 0 (all)' -r
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l create -d 'Make the queue where none has the key, with this mode or 600' -r
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l timeout -d 'Wait so long, 0.5, 500ms or 2m, and exit with 3 then; without a unit it is seconds' -r
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l all -d 'Receive as many messages as there are now, and do not wait'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l follow -d 'Receive one message after another, until a signal comes or the queue is removed'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l nowait -d 'Do not wait; exit with 3 instead'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l text -d 'Write the text and the end of a line, with \\xHH for what cannot be printed (default)'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l raw -d 'Write the bytes of the text, and nothing else'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l hex -d 'Write the type, the size, and the bytes in hexadecimal'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -l json -d 'Write a JSON object a line, which `msgq send --json` reads'
complete -c msgq -n "__fish_msgq_using_subcommand recv" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand peek" -s q -l queue-id -d 'The queue with this id (msqid)' -r
complete -c msgq -n "__fish_msgq_using_subcommand peek" -s Q -l queue-key -d 'The queue with this key: decimal, hexadecimal (0x4d2) or octal (02322)' -r
complete -c msgq -n "__fish_msgq_using_subcommand peek" -s t -l type -d 'Which messages: 7 (of this type), -7 (of this type or a lower one, the lowest first), !7 (of any other type) or 0 (all)' -r
complete -c msgq -n "__fish_msgq_using_subcommand peek" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand peek" -l all -d 'Show all of them, and not the first alone'
complete -c msgq -n "__fish_msgq_using_subcommand peek" -l text -d 'Write the text and the end of a line, with \\xHH for what cannot be printed (default)'
complete -c msgq -n "__fish_msgq_using_subcommand peek" -l raw -d 'Write the bytes of the text, and nothing else'
complete -c msgq -n "__fish_msgq_using_subcommand peek" -l hex -d 'Write the type, the size, and the bytes in hexadecimal'
complete -c msgq -n "__fish_msgq_using_subcommand peek" -l json -d 'Write a JSON object a line, which `msgq send --json` reads'
complete -c msgq -n "__fish_msgq_using_subcommand peek" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand top" -s i -l interval -d 'Look so often: a time like 2, 0.5 or 500ms; without a unit it is seconds' -r
complete -c msgq -n "__fish_msgq_using_subcommand top" -s n -l count -d 'End after N looks' -r
complete -c msgq -n "__fish_msgq_using_subcommand top" -s s -l sort -d 'Sort by this column' -r -f -a "msqid\t''
key\t''
owner\t''
messages\t''
net/s\t''
used-bytes\t''
qbytes\t''
full\t''
sender\t''
receiver\t''
asleep\t''"
complete -c msgq -n "__fish_msgq_using_subcommand top" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand top" -s b -l batch -d 'Write plain tables, one after another, and ask for no keys'
complete -c msgq -n "__fish_msgq_using_subcommand top" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l engine -d 'Where the queues live [default: as MSGQ_ENGINE says]' -r -f -a "kernel\t''
shm\t''"
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l msgmax -d 'Set how many bytes a message may have' -r
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l msgmnb -d 'Set how many bytes a new queue may hold' -r
complete -c msgq -n "__fish_msgq_using_subcommand limits" -l msgmni -d 'Set how many queues there may be' -r
complete -c msgq -n "__fish_msgq_using_subcommand limits" -s h -l help -d 'Print help'
complete -c msgq -n "__fish_msgq_using_subcommand demo" -l waiter -d 'Be the waiter of this queue' -r
complete -c msgq -n "__fish_msgq_using_subcommand demo" -l broken-waiter -d 'Be the waiter of this queue, and wait for the wrong type' -r
complete -c msgq -n "__fish_msgq_using_subcommand demo" -l broken -d 'Let three things go wrong: a receiver waits for the wrong type, the queue fills, and it is left behind'
complete -c msgq -n "__fish_msgq_using_subcommand demo" -s h -l help -d 'Print help'
