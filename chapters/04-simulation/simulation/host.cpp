#include "simulation/host.hpp"

#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"

namespace conclave::simulation {

namespace {

constexpr WallTime kBeginning{std::chrono::sys_days(std::chrono::year(2030) / 1 / 1)};

Status dead() { return Status::unavailable("this incarnation of the node has crashed"); }

/// A disk as one incarnation has it.
class FencedDisk final : public Disk {
 public:
  FencedDisk(Disk& disk, std::shared_ptr<const bool> is_alive)
      : disk_(disk), is_alive_(std::move(is_alive)) {}

  Result<std::unique_ptr<File>> open(const std::string& name, Open how) override {
    if (!*is_alive_) return dead();
    return disk_.open(name, how);
  }
  Status rename(const std::string& from, const std::string& to) override {
    return *is_alive_ ? disk_.rename(from, to) : dead();
  }
  Status remove(const std::string& name) override {
    return *is_alive_ ? disk_.remove(name) : dead();
  }
  Result<std::vector<std::string>> list() override {
    if (!*is_alive_) return dead();
    return disk_.list();
  }
  Status sync_directory() override { return *is_alive_ ? disk_.sync_directory() : dead(); }

 private:
  Disk& disk_;
  std::shared_ptr<const bool> is_alive_;
};

/// The world of one incarnation of a host.
class HostWorld final : public World {
 public:
  HostWorld(Host& host, SimulatedNetwork& network, Trace& trace)
      : host_(host),
        network_(network),
        trace_(trace),
        incarnation_(host.incarnation),
        is_alive_(host.is_alive),
        disk_(host.disk, host.is_alive) {}

  [[nodiscard]] const std::string& name() const override { return host_.name; }
  [[nodiscard]] std::uint64_t incarnation() const override { return incarnation_; }
  Random random(std::string_view purpose) override {
    return host_.random.stream(fmt::format("{} {}", incarnation_, purpose));
  }
  std::unique_ptr<rpc::Transport> transport() override {
    auto end = std::make_unique<rpc::MemoryTransport>(network_, host_.index);
    if (!*is_alive_) end->close();
    return end;
  }
  [[nodiscard]] std::string address(const std::string& node) const override { return node; }
  Disk& disk() override { return disk_; }
  WallTime wall_time() override {
    const GroupClock clock{.drift_ppm = host_.drift_ppm};
    return kBeginning + clock.local(conclave::detail::run_time()).time_since_epoch() +
           host_.wall_offset;
  }
  void trace(std::string_view what) override {
    if (*is_alive_) trace_.tell(host_.name, "{}", what);
  }

 private:
  Host& host_;
  SimulatedNetwork& network_;
  Trace& trace_;
  std::uint64_t incarnation_;
  std::shared_ptr<const bool> is_alive_;
  FencedDisk disk_;
};

}  // namespace

void Host::boot(SimulatedNetwork& network, Trace& trace, Duration uptime_max) {
  ++incarnation;
  is_at_its_end = false;
  pauses = 0;
  Random uptime = random.stream(fmt::format("{} uptime", incarnation));
  const GroupClock clock{.offset = Duration(uptime.between(std::int64_t{0}, uptime_max.count())),
                         .drift_ppm = drift_ppm};
  is_alive = std::make_shared<bool>(true);
  world = std::make_unique<HostWorld>(*this, network, trace);
  group = std::make_unique<GoroutineGroup>(name, clock);
}

void Host::freeze() {
  is_at_its_end = true;
  group->pause();
}

void Host::end() {
  disk.restart();
  turns_left = 0;
  group->end();
  ensure(group->size() == 0, "of a node that has crashed no goroutine is left ({} of {})",
         group->size(), name);
  group.reset();
  world.reset();
}

}  // namespace conclave::simulation
