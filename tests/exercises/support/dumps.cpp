#include "support/dumps.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "testing/child.hpp"
#include "testing/expect.hpp"

namespace conclave {

std::vector<std::string> lines_of(std::string_view folder, std::string_view file) {
  const auto exercises = std::filesystem::path(__FILE__).parent_path() / "../../../exercises";
  std::ifstream in(exercises / folder / file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void must_be_fresh(void (*program)(), std::string_view folder, std::string_view file,
                   std::source_location place) {
  const std::string now = isolation::run_in_child(program, std::chrono::seconds(5)).output;
  const std::string text = fmt::format("{} is what its program prints", file);
  must_hold(Claim(text, place), now == fmt::format("{}\n", fmt::join(lines_of(folder, file), "\n")),
            "it now prints\n{}", now);
}

void judge_line(std::string_view id, const std::string& number, std::string_view folder,
                std::string_view file, const std::vector<std::string>& right,
                std::source_location place) {
  std::string line = lines_of(folder, file).at(std::stoul(number) - 1);
  line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
  must_hold(
      Claim("the line is where the culprit breaks the rule", place),
      std::ranges::find(right, number) != right.end(),
      "{}: you say {}:{}, which is\n  {}\nthat line breaks no rule that another one relies on", id,
      file, number, line.empty() ? "(empty)" : line);
}

}  // namespace conclave
