// Exercise 1.12: the dump is what the program prints now, and each answer is held against it.
#include <map>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "post_office.hpp"
#include "support/answers.hpp"
#include "support/dumps.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kFolder = "01-12-the-last-words";
constexpr std::string_view kProgram = "post_office.cpp";

/// The number of the first line that holds `text`, from the one on that holds `first`.
std::string line_with(std::string_view text, std::string_view first) {
  const std::vector<std::string> lines = lines_of(kFolder, kProgram);
  bool inside = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    inside = inside || lines[i].find(first) != std::string::npos;
    if (inside && lines[i].find(text) != std::string::npos) return std::to_string(i + 1);
  }
  return "no such line";
}

Answers answers() {
  Names numbers;
  for (std::size_t i = 1; i <= lines_of(kFolder, kProgram).size(); ++i) {
    numbers.push_back(std::to_string(i));
  }
  const Names people = {"main", "radio", "sweeper", "courier", "packer", "weigher", "cashier"};
  Names people_or_nobody = people;
  people_or_nobody.emplace_back("nobody");
  return {"1.12",
          {{"cashier-waits-for", people_or_nobody},
           {"weigher-waits-for", people_or_nobody},
           {"packer-waits-for", people_or_nobody},
           {"courier-waits-for", people_or_nobody},
           {"held-up", people, true},
           {"cause-who", people},
           {"cause-line", numbers},
           {"no-report", {"timers", "no-ring", "main"}}}};
}

/// Judges whom one waits for.
/// @param because   what is wrong with an answer: of some for themselves, and under "" of the rest
bool judge_wait(std::string_view who, std::string_view right,
                const std::map<std::string, std::string>& because,
                std::source_location place = std::source_location::current()) {
  const std::string id = fmt::format("{}-waits-for", who);
  const std::string answer = answers().one(id);
  const auto reason = because.find(answer);
  return must_hold(Claim("one waits for whoever could end the wait", place), answer == right,
                   "{}: you say {}\nbut {}", id, answer,
                   reason != because.end() ? reason->second : because.at(""));
}

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST(PostOffice, PrintsThisDump) { must_be_fresh(post_office, kFolder, "post_office.dump"); }

TEST(PostOffice, WhoWaitsForWhom) {
  judge_wait(
      "cashier", "weigher",
      {{"packer",
        "the cashier's wait ends with two calls of parcels.done(), and the packer "
        "calls none"},
       {"", "the cashier's wait ends with two calls of parcels.done(); look who calls it"}}) &&
      judge_wait("weigher", "packer",
                 {{"courier", "the scales are not the courier's: 'held by' says whose they are"},
                  {"", "the dump says who holds what the weighers wait for"}}) &&
      judge_wait("packer", "courier",
                 {{"weigher", "the packer has the scales; it is the weighers who wait for them"},
                  {"", "the dump says who holds what the packer waits for"}}) &&
      judge_wait("courier", "nobody",
                 {{"packer", "the courier has the van; it is the packer who waits for it"},
                  {"",
                   "the courier sleeps and wakes by the clock, and none of the others could "
                   "open the road"}});
}

TEST(PostOffice, WhoIsHeldUp) {
  const Names held_up = answers().several("held-up");
  const std::map<std::string, std::string> innocence = {
      {"radio", "the radio plays a song a minute, and waits for nobody"},
      {"sweeper", "the sweeper sweeps every ten minutes, and waits for nobody"},
      {"courier",
       "the courier waits for no one of the others: it is they who wait for the courier"}};
  const std::map<std::string, std::string> wait = {
      {"main", "main waits for five people, and they do not go home"},
      {"packer", "the packer waits for the van"},
      {"weigher", "the weighers wait for the scales, and those who have them wait for the van"},
      {"cashier", "the cashier waits for the weighers, and they do not get on"}};
  const Claim claim("held up is who waits for the end of the chain, directly or through others");
  for (const std::string& name : held_up) {
    const auto reason = innocence.find(name);
    if (!must_hold(claim, reason == innocence.end(), "held-up: you say {}\nbut {}",
                   fmt::join(held_up, ", "), reason == innocence.end() ? "" : reason->second)) {
      return;
    }
  }
  const std::set<std::string> named(held_up.begin(), held_up.end());
  for (const auto& [name, reason] : wait) {
    if (!must_hold(claim, named.contains(name), "held-up: you say {}\nbut {}",
                   fmt::join(held_up, ", "), reason)) {
      return;
    }
  }
}

TEST(PostOffice, HasACause) {
  const std::string who = answers().one("cause-who");
  const std::map<std::string, std::string> innocence = {
      {"main", "main waits for the others, and nobody waits for main"},
      {"radio", "without the radio they would be as stuck as before"},
      {"sweeper", "without the sweeper they would be as stuck as before"},
      {"packer",
       "when the packer gives up the scales while it waits for the van, the weighers and the "
       "cashier go home; the packer stays, and so does main"},
      {"weigher", "the weighers wait for the scales, and hold nothing meanwhile"},
      {"cashier", "the cashier has waited longest, and holds nothing that anybody waits for"}};
  const auto reason = innocence.find(who);
  must_hold("the cause is who holds something that others need, and waits for none of them",
            reason == innocence.end(), "cause-who: you say {}\nbut {}", who,
            reason == innocence.end() ? "" : reason->second);
}

TEST(PostOffice, HasALineToChange) {
  judge_line(
      "cause-line", answers().one("cause-line"), kFolder, kProgram,
      {line_with("office.van", "void courier("), line_with("wait_for_the_road();", "void courier("),
       line_with("sleep_for", "void wait_for_the_road")});
}

TEST(PostOffice, IsNoDeadlockToTheLibrary) {
  const std::string why = answers().one("no-report");
  const std::map<std::string, std::string> reasons = {
      {"no-ring",
       "the library looks for no ring. When all but the radio waited for each other in a circle, "
       "it would say nothing either; and when a chain ended with one that had gone, it would "
       "speak"},
      {"main", "main waits like the others, and a report has main in it, too"}};
  const auto reason = reasons.find(why);
  must_hold("a deadlock is reported when nothing can happen any more", reason == reasons.end(),
            "no-report: you say {}\nbut {}", why, reason == reasons.end() ? "" : reason->second);
}

}  // namespace
}  // namespace conclave
