//! The ways in which an engine can be wrong, each with the case that has to notice it.

/// Makes the enumeration, and the table of the cases, from one list.
macro_rules! deviations {
    ($($(#[$meaning:meta])* $name:ident => $case:literal;)*) => {
        /// One deviation from the specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Deviation {
            $($(#[$meaning])* $name,)*
        }

        impl Deviation {
            /// Every deviation, with its name and the name of the case that has to notice it.
            pub const ALL: &[(Deviation, &str, &str)] =
                &[$((Deviation::$name, stringify!($name), $case)),*];
        }
    };
}

deviations! {
    // Finding and making queues.
    /// IPC_PRIVATE finds the private queue that is there.
    PrivateIsShared => "msgget-1_every_private_queue_is_a_new_one";
    /// IPC_EXCL without IPC_CREAT refuses a queue that exists.
    ExclAloneRefuses => "msgget-3_EXCL_alone_is_ignored";
    /// EACCES comes before EEXIST.
    PermissionBeforeExistence => "msgget-3_EEXIST_comes_before_EACCES";
    /// Flags of 0 ask for the right to read.
    FlagsOfZeroAreChecked => "msgget-3_flags_of_0_pass_always";
    /// A new queue keeps every bit of the flags as its mode.
    ModeIsNotMasked => "msgget-4_only_nine_bits_of_the_flags_become_the_mode";
    /// A new queue belongs to the real user.
    RealUserOwns => "msgget-4_the_effective_user_and_group_become_owner_and_creator";
    /// A new queue has no time of change.
    NoTimeOfCreation => "msgget-4_a_new_queue_is_empty_and_has_its_defaults";
    /// The lowest free index is taken.
    LowestIndexIsTaken => "shared-3_a_loop_of_making_and_removing_gives_0_to_63_and_then_32768";
    /// The sequence number counts up at every queue.
    SequenceAlwaysGrows => "shared-3_a_loop_of_making_and_removing_gives_0_to_63_and_then_32768";
    /// A new queue gets the id of the one that was removed last.
    IdIsReused => "shared-5_the_id_of_a_removed_queue_is_EINVAL_everywhere";
    /// The sequence number in an id does not matter.
    SequenceIsIgnored => "shared-5_an_id_with_another_sequence_number_is_EINVAL";

    // Permissions.
    /// The owner may do what others may.
    OwnerFallsBack => "shared-6_the_owner_has_the_owners_bits_alone";
    /// A member of the group may do what others may.
    GroupFallsBack => "shared-6_a_member_of_the_group_has_the_groups_bits_alone";
    /// The creator is a stranger once the queue has another owner.
    CreatorIsNobody => "shared-6_the_creator_counts_as_an_owner";
    /// The creator's group is forgotten once the queue has another.
    CreatorsGroupIsForgotten => "shared-6_the_creators_group_counts_as_the_group";
    /// Supplementary groups do not count.
    OneGroupOnly => "shared-6_supplementary_groups_count";
    /// The effective group counts where the file system's should.
    EffectiveGroupCounts => "shared-6_the_file_systems_group_counts_and_not_the_effective_one";
    /// The bits for execution are not asked for.
    ExecutionIsIgnored => "shared-6_the_bits_for_execution_count";
    /// User 0 may do everything, with and without the capability.
    UserZeroMayAll => "shared-6_root_without_CAP_IPC_OWNER_is_an_owner_like_others";
    /// The capability does not help against a mode.
    CapabilityDoesNotHelp => "shared-6_CAP_IPC_OWNER_passes_every_mode";

    // Sending.
    /// The id is looked up before the type is read.
    IdBeforeType => "msgsnd-1_a_type_that_cannot_be_read_is_EFAULT_even_with_a_bad_id";
    /// There is no upper bound for a message.
    SizeIsUnlimited => "msgsnd-2_more_bytes_than_msgmax_are_EINVAL";
    /// A type of 0 may be sent.
    TypeZeroPasses => "msgsnd-3_a_type_below_1_is_EINVAL";
    /// The type is looked at after the permissions.
    PermissionBeforeType => "msgsnd-3_a_type_below_1_is_EINVAL_before_EACCES";
    /// The id is looked up before the text is read.
    IdBeforeText => "msgsnd-4_a_text_that_cannot_be_read_is_EFAULT_even_with_a_bad_id";
    /// An empty message is refused.
    EmptyIsRefused => "msgsnd-4_an_empty_text_is_not_read";
    /// A full queue is noticed before permissions.
    FullBeforePermission => "msgsnd-6_EACCES_comes_before_EAGAIN";
    /// A message that exceeds qbytes is EINVAL.
    BigIsInvalid => "msgsnd-follows-2_a_message_bigger_than_qbytes_waits_and_is_not_EINVAL";
    /// The number of messages has no limit.
    CountIsUnlimited => "shared-7_no_more_messages_than_qbytes_fit";
    /// A queue must not become quite full.
    LastByteIsKept => "shared-7_no_more_bytes_than_qbytes_fit";
    /// A send without waiting waits.
    NowaitIsIgnored => "msgsnd-8_a_full_queue_is_EAGAIN_with_NOWAIT";
    /// The sender's pid is not noted.
    NoSendersPid => "msgsnd-11_a_send_notes_the_process_and_the_time";
    /// The sending thread's id is noted.
    SendersThreadIsNoted => "msgsnd-11_a_thread_that_sends_is_noted_by_its_process";
    /// The time of sending is not noted.
    NoTimeOfSending => "msgsnd-11_a_send_notes_the_process_and_the_time";
    /// A message that was appended does not count its bytes.
    BytesAreNotCounted => "msgsnd-13_a_message_without_a_taker_is_counted";

    // Senders that wait.
    /// Nobody passes a sender that waits.
    NewcomersQueueUp => "msgsnd-follows-3_newcomers_pass_a_big_sender_that_waits";
    /// A receive wakes no sender.
    ReceiveWakesNobody => "msgsnd-9_a_sender_sleeps_until_there_is_room";
    /// Waking stops at the first sender that does not fit.
    WakingStopsEarly => "W_freeing_384_bytes_wakes_the_waiters_of_300_and_80_and_not_that_of_8000";
    /// A sender that was woken does not ask for permission again.
    WokenSenderIsNotChecked => "msgsnd-10_a_woken_sender_is_asked_for_permission_again";
    /// A removal is EINVAL to sleeping senders.
    RemovalIsInvalidToSenders => "msgsnd-10_a_removal_is_EIDRM_to_a_sleeping_sender";
    /// A removal leaves sleeping senders asleep.
    RemovalLeavesSenders => "msgsnd-10_a_removal_is_EIDRM_to_a_sleeping_sender";
    /// A handler does not end a sleeping call.
    SignalRestarts => "shared-9_a_handler_ends_sleeping_calls_with_EINTR_despite_SA_RESTART";
    /// A receiver that was interrupted stays in the list.
    InterruptedStaysListed => "shared-9_whoever_was_interrupted_gets_no_message";

    // Hand-off.
    /// A matching receiver gets its message although the queue is full.
    HandOffPassesFullQueue => "msgsnd-follows-1_a_full_queue_blocks_although_a_receiver_waits";
    /// A message that was handed over is counted as if it were in the queue.
    HandOffIsCounted => "msgsnd-12_a_hand_over_changes_no_count";
    /// A hand-over notes the receiver's process.
    HandOffNotesProcess => "msgsnd-12_a_hand_over_notes_the_receivers_thread";
    /// A hand-over notes no time of receiving.
    HandOffNotesNoTime => "msgsnd-12_a_hand_over_notes_the_receivers_thread";
    /// A receiver with too little room sleeps on.
    TooSmallSleepsOn => "msgsnd-12_receivers_with_too_little_room_get_E2BIG_and_the_next_is_tried";
    /// A receiver with too little room ends the search for one.
    TooSmallEndsSearch => "msgsnd-12_receivers_with_too_little_room_get_E2BIG_and_the_next_is_tried";
    /// The receiver that came last gets the message.
    LastReceiverFirst => "msgrcv-follows-1_receivers_are_served_in_their_order";
    /// A receiver gets messages of any type.
    HandOffIgnoresTypes => "msgsnd-12_a_message_goes_to_the_first_receiver_that_it_matches";
    /// A hand-over ignores MSG_NOERROR.
    HandOffIgnoresNoerror => "msgrcv-11_a_sleeping_receiver_with_NOERROR_gets_the_start";

    // Receiving.
    /// A size below zero is taken for a big one.
    NegativeSizePasses => "msgrcv-1_a_negative_size_is_EINVAL";
    /// A size above msgmax is EINVAL.
    SizeIsBounded => "msgrcv-1_the_size_has_no_upper_bound";
    /// Type 0 takes the newest.
    AnyTakesNewest => "msgrcv-3_type_0_takes_the_oldest";
    /// A negative type takes the oldest that is low enough.
    LowestIsTheOldest => "msgrcv-3_a_negative_type_takes_the_lowest_up_to_it";
    /// Among the lowest the newest is taken.
    LowestIsTheNewest => "msgrcv-7_within_the_lowest_type_the_oldest_is_taken";
    /// A negative type excludes its own number.
    LowestExcludesItsBound => "msgrcv-3_a_negative_type_takes_the_lowest_up_to_it";
    /// The negative of the lowest long is itself.
    LowestLongOverflows => "msgrcv-3_LONG_MIN_takes_every_type";
    /// MSG_EXCEPT is ignored.
    ExceptIsIgnored => "msgrcv-3_EXCEPT_takes_the_oldest_of_another_type";
    /// MSG_EXCEPT is obeyed for type 0, too.
    ExceptExcludesAll => "msgrcv-3_EXCEPT_is_ignored_for_types_up_to_0";
    /// MSG_EXCEPT turns a negative type around.
    ExceptTurnsNegative => "msgrcv-3_EXCEPT_is_ignored_for_types_up_to_0";
    /// ENOMSG comes before EACCES.
    NoMessageBeforePermission => "msgrcv-5_EACCES_comes_before_ENOMSG";
    /// A message that is too big is destroyed.
    TooBigIsEaten => "msgrcv-8_a_message_that_is_too_big_is_E2BIG_and_stays";
    /// Where a message is too big, the next is taken.
    TooBigIsPassed => "msgrcv-8_a_message_that_is_too_big_hides_those_behind_it";
    /// MSG_NOERROR is ignored.
    NoerrorIsIgnored => "msgrcv-8_NOERROR_cuts_a_message_that_is_too_big";
    /// A message that was cut gives its full size.
    CutGivesFullSize => "msgrcv-8_NOERROR_cuts_a_message_that_is_too_big";
    /// A message that was cut is written whole.
    CutIsWrittenWhole => "msgrcv-13_nothing_is_written_behind_the_size";
    /// A message that was cut leaves the rest of its bytes counted.
    CutCountsItsRest => "msgrcv-10_a_message_that_is_cut_leaves_the_counts_whole";
    /// A receive notes no process.
    NoReceiversPid => "msgrcv-10_a_receive_notes_the_process_and_the_time";
    /// A receive notes the thread.
    ReceiversThreadIsNoted => "msgrcv-10_a_thread_that_receives_is_noted_by_its_process";
    /// A receive notes no time.
    NoTimeOfReceiving => "msgrcv-10_a_receive_notes_the_process_and_the_time";
    /// A removal is EINVAL to sleeping receivers.
    RemovalIsInvalid => "msgrcv-12_a_removal_is_EIDRM_to_sleeping_receivers";
    /// A removal takes away what was handed over before it.
    RemovalBeatsMessage => "msgrcv-12_a_message_in_hand_is_returned_although_the_queue_is_removed";
    /// An address that cannot be written keeps the message in the queue.
    FaultKeepsMessage => "msgrcv-13_an_address_that_cannot_be_written_destroys_the_message";
    /// The address is tried before a message is looked for.
    FaultBeforeSearch => "msgrcv-13_an_address_is_not_looked_at_without_a_message";

    // MSG_COPY.
    /// It takes the message away.
    CopyTakes => "msgrcv-9_a_copy_leaves_the_message";
    /// It notes the process.
    CopyNotesProcess => "msgrcv-9_a_copy_notes_nothing";
    /// Positions begin with 1.
    CopyCountsFromOne => "msgrcv-7_a_copy_takes_a_position_from_0_on";
    /// With MSG_NOERROR, too, a message that is too big is E2BIG.
    CopyTooBigIsE2big => "msgrcv-9_a_copy_of_a_message_that_is_too_big_is_EINVAL_with_NOERROR";
    /// Without MSG_NOERROR, too, a message that is too big is EINVAL.
    CopyTooBigIsInvalid => "msgrcv-8_a_copy_of_a_message_that_is_too_big_is_E2BIG";
    /// MSG_NOERROR cuts a copy.
    CopyIsCut => "msgrcv-9_a_copy_of_a_message_that_is_too_big_is_EINVAL_with_NOERROR";
    /// It may be asked for without IPC_NOWAIT.
    CopyWithoutNowait => "msgrcv-2_a_copy_without_NOWAIT_or_with_EXCEPT_is_EINVAL";
    /// It may be asked for with MSG_EXCEPT.
    CopyWithExcept => "msgrcv-2_a_copy_without_NOWAIT_or_with_EXCEPT_is_EINVAL";
    /// It looks up the id before it reads the buffer.
    CopyChecksIdFirst => "msgrcv-2_a_copy_reads_its_buffer_before_the_id_is_looked_up";

    // Controlling.
    /// An unknown command does nothing and works.
    UnknownCommandPasses => "msgctl-1_an_unknown_command_is_EINVAL";
    /// Bit 8 of a command is ignored.
    CommandBitIsIgnored => "msgctl-1_a_command_with_bit_8_is_EINVAL";
    /// IPC_INFO and MSG_INFO look the id up.
    InfoChecksId => "msgctl-2_INFO_looks_up_no_id";
    /// IPC_INFO and MSG_INFO give the number of queues.
    InfoGivesCount => "msgctl-2_INFO_gives_the_highest_index_in_use";
    /// MSG_INFO does not count.
    InfoCountsNothing => "msgctl-2_MSG_INFO_counts_queues_messages_and_bytes";
    /// IPC_STAT takes an index.
    StatTakesIndex => "msgctl-3_IPC_STAT_takes_the_full_id_alone";
    /// MSG_STAT gives 0.
    IndexStatGivesZero => "msgctl-3_MSG_STAT_and_MSG_STAT_ANY_take_an_index_and_give_the_id";
    /// MSG_STAT_ANY asks for permission.
    AnyIsChecked => "msgctl-3_MSG_STAT_ANY_asks_for_no_permission";
    /// The address is tried before the permissions.
    StatFaultBeforePermission => "msgctl-3_EFAULT_comes_last";
    /// The id is looked up before the data is read.
    SetChecksIdFirst => "msgctl-4_EFAULT_comes_before_EINVAL";
    /// Whoever may write may set.
    SetByAnybody => "msgctl-4_whoever_is_neither_owner_nor_creator_gets_EPERM";
    /// The creator may not set what belongs to another.
    SetByOwnerAlone => "msgctl-4_owner_and_creator_may_set";
    /// Everybody may raise qbytes.
    QbytesAreFree => "msgctl-4_more_than_msgmnb_needs_CAP_SYS_RESOURCE";
    /// qbytes must not fall below what is in the queue.
    QbytesCoverContents => "msgctl-4_qbytes_may_be_lowered_below_the_contents";
    /// qbytes keep all their bits.
    QbytesKeepAllBits => "msgctl-4_qbytes_pass_through_an_int";
    /// A user of -1 is set.
    NobodyMayOwn => "msgctl-4_a_user_or_group_of_minus_1_is_EINVAL";
    /// The new owner becomes the creator, too.
    SetChangesCreator => "msgctl-4_set_changes_owner_mode_and_qbytes_and_never_the_creator";
    /// All bits of the mode are set.
    SetKeepsAllBits => "msgctl-4_only_nine_bits_of_the_mode_are_set";
    /// The time of change stays.
    SetNotesNoTime => "msgctl-4_set_notes_its_time_and_nothing_else_does";
    /// A change of qbytes wakes no sender.
    SetWakesNobody => "msgctl-4_raising_qbytes_wakes_the_senders_that_fit";
    /// A change of the mode leaves receivers asleep.
    SetLeavesReceivers => "msgctl-4_receivers_that_are_shut_out_get_EACCES";
    /// Every receiver that sleeps during a change gets EACCES.
    SetShutsAllOut => "msgctl-4_receivers_that_may_still_read_sleep_on";
    /// A stranger may remove a queue.
    RemoveByAnybody => "msgctl-5_whoever_is_neither_owner_nor_creator_gets_EPERM";
    /// The key of a removed queue stays in use.
    RemoveKeepsKey => "msgctl-5_a_removal_frees_the_key";
    /// A removal wants to write to its address.
    RemoveUsesAddress => "msgctl-5_a_removal_ignores_its_address";
}
