#pragma once

/// Everything that most programs need: `#include <carillon/carillon.hpp>`.

#include <carillon/async/foreign_loop.hpp>
#include <carillon/error.hpp>
#include <carillon/event/event_bus.hpp>
#include <carillon/event/event_filter.hpp>
#include <carillon/event/event_stream.hpp>
#include <carillon/executor/asio_executor.hpp>
#include <carillon/executor/command_line.hpp>
#include <carillon/executor/executor.hpp>
#include <carillon/executor/inline_executor.hpp>
#include <carillon/executor/process_executor.hpp>
#include <carillon/executor/process_worker.hpp>
#include <carillon/executor/thread_executor.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/job_builder.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/task.hpp>
#include <carillon/lock/mutex.hpp>
#include <carillon/lock/once.hpp>
#include <carillon/lock/semaphore.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <carillon/scheduler/embedded_scheduler.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/time/manual_clock.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/after.hpp>
#include <carillon/trigger/any_of.hpp>
#include <carillon/trigger/builder.hpp>
#include <carillon/trigger/explanation.hpp>
#include <carillon/trigger/literals.hpp>
#include <carillon/trigger/trigger.hpp>
