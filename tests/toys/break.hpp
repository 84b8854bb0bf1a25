// The rules that a toy can be told to break.
#pragma once

namespace fanbench {

enum class Break {
  nothing,
  skip_a_call,           // one call is never made, but recorded as if it had been
  lose_a_call,           // one call is neither made nor recorded
  make_one_twice,        // one call is made two times
  swap_two_replies,      // two calls' replies are taken for each other's
  exceed_the_limit,      // one call more than `limit` at once
  one_after_another,     // nothing is concurrent
  forget_to_cancel,      // the losers are left to run to their end
  choose_the_wrong_one,  // the winner is not the first, or another failure is reported
  leave_one_running,     // returns while a call is still open
  retry_too_early,       // without the wait
  retry_too_often,       // one attempt after the success
  give_up_early,         // no second attempt
  new_connections,       // the warm ones are not used
  too_fast,              // claims to have finished before the reply was due
  // retry's records
  record_an_attempt_not_made,  // the first attempt is recorded as failed, and never made
  record_a_longer_wait,        // waits less than it records
  record_an_early_failure,     // claims to have known of it before the reply was due
  swap_two_attempts,           // the failure is recorded as the success, and the other way round
  // retry with a limit
  hold_a_permit_while_waiting,  // for the next attempt
  retry_without_a_permit,       // only first attempts have one
  serve_retries_first,          // of those that wait for a permit
  // all_settled
  hide_a_failure,  // a failed call is recorded as if it had succeeded
  // gather
  ten_at_a_time,  // in lots, each when the one before has ended
  // first_completed
  make_one_only,     // call 0; the others are recorded as never begun
  forge_the_others,  // the same, but they are recorded as begun
  // semaphore, retry with a limit
  last_come_first_served,  // of those that wait for a permit
  // task_group
  choose_nobody,           // the failure is not reported
  begin_after_failure,     // calls go on to be begun
  cancel_completed_calls,  // calls that ended long before the failure are recorded as cancelled
  // timeout
  ignore_the_deadline,    // nothing times out
  halve_the_deadline,     // calls are given up too early
  double_the_deadline,    // calls are given up too late
  never_make_late_calls,  // calls with odd numbers are recorded as timed out
  keep_late_calls_open,   // late calls are recorded as timed out, but their connections are kept
  // shield
  cancel_the_critical,  // with the others
  // bridge
  mix_up_callers,  // a caller brings the answer to another's call
  // drain
  go_on_after_the_signal,  // calls are still begun
  give_no_grace,           // what is in flight is cancelled at once
  // background
  lose_a_failure,       // of a side call
  report_twice,         // each failure
  wait_for_side_calls,  // before the request returns
  // hedged
  copy_fast_calls,    // as well as slow ones
  copy_at_once,       // those with odd numbers, after a tenth of the time
  copy_nothing,       // whatever is slow
  ignore_the_budget,  // more copies than it allows
  // page
  copy_too_late,    // calls whose page has gone out
  page_after_page,  // the next one when the one before is ready
  // rate_limited
  forget_retry_after,  // of refusals, and make the calls again at once
  ask_in_vain,         // for each refused call an attempt that is recorded and not made
  // stream
  lose_an_event,
  tell_an_event_twice,
  swap_two_events,         // one comes before the other
  take_halves_for_events,  // records an event when its first bytes are there
  wait_for_the_end,        // of a stream, to take its events
  leave_events_unread,     // of a stream, but the first
  go_on_reading,           // when the stream has ended or been given up
  // broadcast
  foresee_a_message,      // records it when the one before has come
  answer_with_the_first,  // message, not with the last
  publish_at_once,        // all messages, whatever the interval
  publish_too_soon,       // before the last subscriber is in the room
  publish_once_more,      // a message after the last
  // worker_pool
  a_task_for_each_call,  // waiting for a permit
  // producer_consumer
  too_deep_a_queue,     // more items than its capacity
  take_in_wrong_order,  // what should be last comes first
  put_in_wrong_order,   // producers begin at their ends
  lose_an_item,         // one item is taken, and no call made
  // pipeline
  ignore_the_barrier,  // items overtake each other between stages
  forget_the_cursor,   // a stage without what the one before brought
  // paginate
  skip_a_page,          // the one after it is asked for with its cursor
  fetch_nothing_ahead,  // pages are asked for when the one before has been consumed
  fetch_too_far_ahead,  // all pages at once
  consume_in_no_time,   // consumers do not take their time
  // crawl
  share_one_limit,         // any host's listings by any worker
  one_host_after_another,  // with the workers of one
  backdate_starts,         // of pages begun after the budget
  // early_start
  work_first,   // and only then start the calls
  await_first,  // and only then work
  work_never,   // nor record it
  // early_start, mixed, cpu
  forge_the_work,   // one step less
  skip_ticks,       // every second one
  tick_too_early,   // all at once
  call_the_server,  // work without waiting makes a call
};

}  // namespace fanbench
