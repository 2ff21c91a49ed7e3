#include "testing/environment.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace conclave::isolation {

namespace {

template <class Number>
std::optional<Number> read(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::optional<std::uint64_t>> seed_from_environment() {
  const char* text = std::getenv("CONCLAVE_SEED");
  if (text == nullptr) return std::optional<std::uint64_t>();
  const std::optional<std::uint64_t> seed = read<std::uint64_t>(text);
  if (!seed) {
    return Status::invalid_argument(fmt::format("CONCLAVE_SEED is \"{}\"", text),
                                    "set it to a whole number from 0 to 18446744073709551615");
  }
  return seed;
}

Result<std::chrono::milliseconds> limit_from_environment() {
  constexpr double kDayS = 24 * 60 * 60;
  const char* text = std::getenv("CONCLAVE_TEST_TIMEOUT_S");
  if (text == nullptr) return std::chrono::seconds(60);
  const double limit_s = read<double>(text).value_or(0);
  if (!(limit_s >= 0.001 && limit_s <= kDayS)) {
    return Status::invalid_argument(fmt::format("CONCLAVE_TEST_TIMEOUT_S is \"{}\"", text),
                                    "set it to the seconds one test may take, from 0.001 to 86400");
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(limit_s * 1000));
}

}  // namespace conclave::isolation
