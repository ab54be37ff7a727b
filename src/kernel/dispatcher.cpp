#include "kernel/dispatcher.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <filesystem>
#include <utility>

#include "base/format.h"
#include "kernel/views.h"

namespace daimon::kernel {
namespace {

namespace asio = boost::asio;
using device::EffectClass;
using process::Process;

// A defect of a device or a model must not end the daemon: what it throws is an error of that call.
template <class F>
auto guarded(F work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return fail(ErrorCode::kInternal, daimon::format("it threw an exception: {}", exception.what()));
  } catch (...) {
    return fail(ErrorCode::kInternal, "it threw an exception");
  }
}

double milliseconds(SteadyTime begin, SteadyTime end) {
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

// What a call has come to. An error of these kinds may come after the effect (a rename that was made and could not be
// made durable, an exception): a device that can tell is asked, and where nobody can it is unknown.
JsonObject settled_body(const device::Call& call, const process::CallTable::Entry& entry,
                        const device::CallContext& context, const Result<device::Outcome>& outcome, double ms) {
  constexpr std::array kLeaveOpen = {ErrorCode::kTimeout, ErrorCode::kCancelled, ErrorCode::kIo, ErrorCode::kInternal};
  // What is idempotent may be tried again by whoever wants it, whatever became of it.
  if (outcome || entry.specification.effect < EffectClass::kQueryable ||
      std::ranges::find(kLeaveOpen, outcome.error().code) == kLeaveOpen.end())
    return returned_body(call.id, outcome, ms);
  if (entry.specification.effect == EffectClass::kQueryable)
    if (const auto happened = guarded([&] { return entry.device->query(call, context); }))
      return returned_body(call.id, *happened ? Result<device::Outcome>(**happened) : outcome, ms);
  return unknown_body(call.id, outcome.error().what, ms);
}

}  // namespace

Dispatcher::Dispatcher(asio::io_context& io, const World& world, Listener listener)
    : io_(io),
      world_(world),
      listener_(std::move(listener)),
      devices_pool_(static_cast<std::size_t>(world.options.device_threads)) {}

void Dispatcher::shut() {
  closing_ = true;
  for (auto& [id, work] : in_flight_) stop(work);
  in_flight_.clear();
}

void Dispatcher::halt() {
  std::erase_if(in_flight_, [this](auto& entry) {
    const bool stops = entry.second.processor != nullptr || entry.second.timer;
    if (stops) stop(entry.second);
    return stops;
  });
}

void Dispatcher::join() {
  {
    // A processor may tell of what was cancelled when there is no kernel any more.
    const std::scoped_lock lock(door_->mutex);
    door_->open = false;
  }
  models_pool_.join();
  devices_pool_.join();
  spare_threads_.clear();
}

void Dispatcher::run_aside(std::function<void()> work) { asio::post(devices_pool_, std::move(work)); }

std::filesystem::path Dispatcher::folder_of(const std::string& process) const {
  return world_.options.state_folder / "processes" / process;
}

void Dispatcher::stop(Work& work) {
  work.stop.request_stop();
  if (work.processor != nullptr) work.processor->cancel(work.request);
  if (work.timer) work.timer->cancel();
  let_go(std::move(work.processor));
}

// Its last holder ends a processor: it waits for its threads and gives gigabytes back, which the kernel has no time
// for.
void Dispatcher::let_go(std::shared_ptr<processor::Processor> processor) {
  if (processor != nullptr)
    asio::post(models_pool_, [processor = std::move(processor)]() mutable { processor.reset(); });
}

void Dispatcher::carry_out(const Process& process, bool recovered) {
  const auto& pending = process.pending();
  std::string wanted;
  if (const auto* thought = std::get_if<process::Think>(&pending)) wanted = thought->id;
  if (const auto* call = std::get_if<process::Dispatch>(&pending)) wanted = call->call.id;
  if (const auto* timer = std::get_if<process::AwaitTimer>(&pending))
    wanted = daimon::format("timer {}", to_milliseconds(timer->at));
  if (const auto found = in_flight_.find(process.id()); found != in_flight_.end()) {
    if (found->second.id == wanted) return;
    stop(found->second);
    in_flight_.erase(found);
  }
  if (wanted.empty()) return;
  Work& work = in_flight_[process.id()];
  work.generation = ++generation_;
  work.id = wanted;
  if (const auto* thought = std::get_if<process::Think>(&pending))
    begin_thought(process, *thought, work.generation);
  else if (const auto* call = std::get_if<process::Dispatch>(&pending))
    begin_call(process, call->call, work, recovered);
  else
    begin_timer(process.id(), std::get<process::AwaitTimer>(pending).at, work);
}

void Dispatcher::settle(const std::string& process, std::uint64_t generation) {
  const auto work = in_flight_.find(process);
  if (generation == 0 || work == in_flight_.end() || work->second.generation != generation) return;
  let_go(std::move(work->second.processor));
  in_flight_.erase(work);
}

// The completion of `generation`, on the kernel's thread: an input, unless the process has moved on.
void Dispatcher::complete(const std::string& process, std::uint64_t generation, std::string type, JsonObject body) {
  asio::post(io_, [this, process, generation, type = std::move(type), body = std::move(body)]() mutable {
    if (closing_) return;
    const auto found = in_flight_.find(process);
    if (found != in_flight_.end() && found->second.generation == generation && !found->second.completed) {
      found->second.completed = true;
      return listener_.on_completion({process, std::move(type), std::move(body), generation});
    }
    // Of a thought that was given up nothing counts but what it has used up.
    if (type == "replied")
      if (JsonObject spent = spent_body(body); !spent.empty())
        listener_.on_completion({process, "spent", std::move(spent), 0});
  });
}

// ---------------------------------------------------------------------------------------------------- thoughts

void Dispatcher::begin_thought(const Process& process, const process::Think& thought, std::uint64_t generation) {
  // Getting a processor may load a model; not on this thread, and not behind the devices' calls.
  asio::post(models_pool_, [this, id = process.id(), model = process.model(), label = process.context().label(),
                            thought = thought.id, request = thought.request, generation]() mutable {
    const auto refuse = [&](const Error& error) {
      complete(id, generation, "replied", {{"think", thought}, {"error", to_json(error)}});
    };
    auto processor = guarded([&] { return world_.models.get(model); });
    if (!processor) return refuse(processor.error());
    if ((*processor)->model().remote && label.confidentiality == capability::Confidentiality::kSecret)
      return refuse({ErrorCode::kDenied,
                     daimon::format("passwords or keys were read, and may not go to the remote model {}", model),
                     "start the goal anew with a local model, or without that file"});
    if ((*processor)->model().remote && label.confidentiality > capability::Confidentiality::kPublic &&
        !std::ranges::contains(world_.options.remote_may_see_personal, model))
      return refuse({ErrorCode::kDenied, daimon::format("personal data may not go to the remote model {}", model),
                     "set \"may_see_personal\": true for it in the configuration, or use a local model"});
    asio::post(io_, [this, id, generation, thought, processor = std::move(*processor),
                     request = std::move(request)]() mutable {
      submit(id, generation, thought, std::move(processor), std::move(request));
    });
  });
}

void Dispatcher::submit(const std::string& process, std::uint64_t generation, const std::string& thought,
                        std::shared_ptr<processor::Processor> processor, processor::Request request) {
  const auto found = in_flight_.find(process);
  if (closing_ || found == in_flight_.end() || found->second.generation != generation)
    return let_go(std::move(processor));
  // A thought that is thought again, after a pause, is another request: the cancelling of the first may still be on
  // its way.
  request.id = daimon::format("{}.{}", thought, generation);
  found->second.processor = std::move(processor);
  found->second.request = request.id;
  const SteadyTime begin = world_.clock.steady();
  found->second.processor->submit(
      std::move(request),
      [this, door = door_, process](std::string_view piece) {
        const std::scoped_lock lock(door->mutex);
        if (door->open)
          listener_.on_notice(process, JsonObject{{"type", "text"}, {"process", process}, {"piece", piece}});
      },
      [this, door = door_, process, generation, thought, begin](const processor::Answered& reply) {
        const std::scoped_lock lock(door->mutex);
        if (!door->open) return;
        complete(process, generation, "replied",
                 replied_body(thought, reply, milliseconds(begin, world_.clock.steady())));
      });
}

// ------------------------------------------------------------------------------------------------------- calls

void Dispatcher::begin_call(const Process& process, const device::Call& call, const Work& work, bool recovered) {
  const process::CallTable::Entry* entry = world_.calls.find(call.name);
  if (entry == nullptr || entry->device == nullptr) {
    return complete(process.id(), work.generation, "returned",
                    {{"call", call.id}, {"outcome", "error"}, {"text", "this call has no device any more"}, {"ms", 0}});
  }
  if (recovered && entry->specification.effect == EffectClass::kOpaque)
    return complete(process.id(), work.generation, "returned",
                    unknown_body(call.id, "interrupted; it may or may not have happened", 0));
  auto mounts = process.mounts();
  for (device::MountReference& mount : mounts)
    if (!world_.materials.is_one(mount.root)) device::close_folders(mount, world_.options.own_folders);
  const auto order = std::make_shared<const Order>(Order{call, entry, work.generation, work.stop, std::move(mounts)});
  run_aside([this, order, recovered] {
    // Killed while it waited for a thread: never made.
    if (order->stop.stop_requested()) return;
    // One deadline for whoever makes the call and whoever watches it, from when there is a thread.
    const SteadyTime deadline = world_.clock.steady() + order->entry->specification.timeout;
    asio::post(io_, [this, order, deadline] { watch(order, deadline); });
    make_call(order, recovered, deadline);
  });
}

void Dispatcher::make_call(const std::shared_ptr<const Order>& order, bool recovered, SteadyTime deadline) {
  const auto& [call, entry, generation, stop, mounts] = *order;
  const auto folder = folder_of(call.process);
  const SteadyTime begin = world_.clock.steady();
  const device::CallContext context{
      world_.clock, stop.get_token(), deadline, mounts, folder, [this, id = call.process](std::string_view line) {
        listener_.on_notice(id, JsonObject{{"type", "progress"}, {"process", id}, {"line", line}});
      }};
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const auto outcome = guarded([&]() -> Result<device::Outcome> {
    if (recovered && entry->specification.effect == EffectClass::kQueryable) {
      DAIMON_TRY(auto happened, entry->device->query(call, context));
      if (happened) return std::move(*happened);
    }
    return entry->device->run(call, context);
  });
  JsonObject body = settled_body(call, *entry, context, outcome, milliseconds(begin, world_.clock.steady()));
  asio::post(io_, [this, generation] { came_back(generation); });
  complete(call.process, generation, "returned", std::move(body));
}

// Tells a device at its deadline to stop, and gives the call up when it still does not come back.
void Dispatcher::watch(const std::shared_ptr<const Order>& order, SteadyTime deadline) {
  const auto timer = std::make_shared<asio::steady_timer>(io_, deadline - world_.clock.steady());
  running_[order->generation] = {timer, false};
  timer->async_wait([this, order](const boost::system::error_code& error) {
    const auto found = running_.find(order->generation);
    if (error || closing_ || found == running_.end()) return;
    std::stop_source(order->stop).request_stop();
    found->second.timer->expires_after(world_.options.device_grace);
    found->second.timer->async_wait([this, order](const boost::system::error_code& cancelled) {
      if (!cancelled && !closing_) give_up(order);
    });
  });
}

void Dispatcher::give_up(const std::shared_ptr<const Order>& order) {
  const auto& [call, entry, generation, stop, mounts] = *order;
  const auto found = running_.find(generation);
  if (found == running_.end()) return;
  found->second.lost = true;
  // One thread less for everybody else's calls, until it comes back: another takes its place.
  const auto lost = std::ranges::count_if(running_, [](const auto& running) { return running.second.lost; });
  if (std::cmp_greater(lost, spare_threads_.size())) spare_threads_.emplace_back([this] { devices_pool_.attach(); });
  const std::string what = daimon::format("{} did not answer within {} s", call.name,
                                          std::chrono::duration<double>(entry->specification.timeout).count());
  if (entry->specification.effect < EffectClass::kIdempotent)
    return complete(
        call.process, generation, "returned",
        returned_body(call.id, fail(ErrorCode::kTimeout, what, "it was given up; try a smaller piece of work"), 0));
  // It may still come to pass.
  if (entry->specification.effect == EffectClass::kQueryable) return ask_device(order, what);
  complete(call.process, generation, "returned", unknown_body(call.id, what, 0));
}

// Whether a call that was given up has happened. "Not yet" is no answer while its thread is still at it, and a device
// that hangs may not answer this either.
void Dispatcher::ask_device(const std::shared_ptr<const Order>& order, const std::string& what) {
  const auto timer = std::make_shared<asio::steady_timer>(io_, world_.options.device_grace);
  timer->async_wait([this, timer, order, what](const boost::system::error_code& error) {
    if (!error && !closing_)
      complete(order->call.process, order->generation, "returned", unknown_body(order->call.id, what, 0));
  });
  run_aside([this, order, what] {
    const auto& [call, entry, generation, stop, mounts] = *order;
    const auto folder = folder_of(call.process);
    const device::CallContext context{world_.clock, {},     world_.clock.steady() + world_.options.device_grace,
                                      mounts,       folder, {}};
    const auto happened = guarded([&] { return entry->device->query(call, context); });
    complete(call.process, generation, "returned",
             happened && *happened ? returned_body(call.id, Result<device::Outcome>(**happened), 0)
                                   : unknown_body(call.id, what, 0));
  });
}

void Dispatcher::came_back(std::uint64_t generation) {
  const auto found = running_.find(generation);
  if (found == running_.end()) return;
  found->second.timer->cancel();
  running_.erase(found);
}

// ------------------------------------------------------------------------------------------------------ timers

void Dispatcher::begin_timer(const std::string& process, WallTime at, Work& work) {
  const auto wait = std::max(at - world_.clock.now(), std::chrono::milliseconds(0));
  work.timer = std::make_shared<asio::steady_timer>(io_, wait);
  work.timer->async_wait([this, process, generation = work.generation](const boost::system::error_code& error) {
    if (!error) complete(process, generation, "timer", {});
  });
}

}  // namespace daimon::kernel
