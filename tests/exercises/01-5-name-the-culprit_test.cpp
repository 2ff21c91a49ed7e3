// Exercise 1.5: the dumps are what the programs print now, and each answer is held against its dump.
#include <algorithm>
#include <cstddef>
#include <map>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "programs.hpp"
#include "support/answers.hpp"
#include "support/dumps.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

using Names = std::vector<std::string>;

// --- the programs and their dumps ------------------------------------------------------------------------

constexpr std::string_view kFolder = "01-5-name-the-culprit";

std::vector<std::string> lines_of(const std::string& file) {
  return conclave::lines_of(kFolder, file);
}

/// The number of the first line of `file` that holds `text`, from the one on that names the goroutine `name`.
std::string line_with(std::string_view text, std::string_view name, const std::string& file) {
  const std::vector<std::string> lines = lines_of(file);
  bool inside = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    inside = inside || lines[i].find(fmt::format("Name(\"{}\")", name)) != std::string::npos;
    if (inside && lines[i].find(text) != std::string::npos) return std::to_string(i + 1);
  }
  return "no such line";
}

// --- the questions ---------------------------------------------------------------------------------------

Answers answers() {
  const auto numbers = [](const std::string& file) {
    Names lines;
    for (std::size_t i = 1; i <= lines_of(file).size(); ++i) lines.push_back(std::to_string(i));
    return lines;
  };
  const Names bakers = {"main", "baker", "porter", "sweeper"};
  const Names diners = {"main", "dan", "ann", "bob", "cay"};
  const Names cooks = {"main", "guest", "driver", "cook"};
  return {"1.5",
          {{"bakery-who", bakers},
           {"bakery-line", numbers("bakery.cpp")},
           {"dinner-knot", diners, true},
           {"dinner-who", diners},
           {"dinner-line", numbers("dinner.cpp")},
           {"kitchen-knot", cooks, true},
           {"kitchen-who", cooks},
           {"kitchen-line", numbers("kitchen.cpp")},
           {"kitchen-for", {"delivery.done()", "meal.done()", "store.unlock()"}}}};
}

/// Judges a knot: those who wait for each other in a circle.
/// @param waits_for   for each goroutine in the dump, the one that could end its wait
void judge_knot(const std::string& id, const std::map<std::string, std::string>& waits_for,
                std::source_location place = std::source_location::current()) {
  const Names knot = answers().several(id);
  const auto in_knot = [&knot](const std::string& name) {
    return std::ranges::find(knot, name) != knot.end();
  };
  const std::string text =
      "each one in the knot waits for another one in it, and each is waited for";
  const Claim claim(text, place);

  for (const std::string& name : knot) {
    const std::string& other = waits_for.at(name);
    if (!must_hold(claim, in_knot(other),
                   "{}: you say {}\nbut {} waits for {}, who is not among them", id,
                   fmt::join(knot, ", "), name, other)) {
      return;
    }
  }
  for (const std::string& name : knot) {
    const bool waited_for = std::ranges::any_of(
        knot, [&](const std::string& other) { return waits_for.at(other) == name; });
    if (!must_hold(
            claim, waited_for,
            "{}: you say {}\nbut none of them waits for {}: without {} they are as stuck as before",
            id, fmt::join(knot, ", "), name, name)) {
      return;
    }
  }
}

/// Judges who must change.
/// @param innocence   for each who need not, why not
void judge_culprit(const std::string& id, const std::map<std::string, std::string>& innocence,
                   std::source_location place = std::source_location::current()) {
  const std::string who = answers().one(id);
  const auto reason = innocence.find(who);
  const std::string text = "the culprit is who breaks a rule that the others rely on";
  must_hold(Claim(text, place), reason == innocence.end(), "{}: you say {}\nbut {}", id, who,
            reason == innocence.end() ? "" : reason->second);
}

// --- bakery ----------------------------------------------------------------------------------------------

TEST(AnswersFile, CanBeRead) { static_cast<void>(answers()); }

TEST(Bakery, PrintsThisDump) { must_be_fresh(bakery, kFolder, "bakery.dump"); }

TEST(Bakery, HasACulprit) {
  judge_culprit(
      "bakery-who",
      {{"main", "main waits for three calls of done(), one for each of the three it has started"},
       {"baker", "the baker has slept for eight hours and called done()"},
       {"sweeper", "the sweeper has seen the last crate go and called done()"}});
}

TEST(Bakery, HasALineToChange) {
  judge_line("bakery-line", answers().one("bakery-line"), kFolder, "bakery.cpp",
             {line_with("return;", "porter", "bakery.cpp")});
}

// --- dinner ----------------------------------------------------------------------------------------------

TEST(Dinner, PrintsThisDump) { must_be_fresh(dinner, kFolder, "dinner.dump"); }

TEST(Dinner, HasAKnot) {
  judge_knot("dinner-knot",
             {{"main", "dan"}, {"dan", "bob"}, {"ann", "bob"}, {"bob", "cay"}, {"cay", "ann"}});
}

TEST(Dinner, HasACulprit) {
  judge_culprit(
      "dinner-who",
      {{"main", "main holds nothing that anybody waits for"},
       {"dan", "dan has waited longest, and holds nothing that anybody waits for"},
       {"ann", "ann has the knife and asks for the oil: knife, oil is in alphabetical order"},
       {"bob", "bob has the oil and asks for the salt: oil, salt is in alphabetical order"}});
}

TEST(Dinner, HasALineToChange) {
  judge_line(
      "dinner-line", answers().one("dinner-line"), kFolder, "dinner.cpp",
      {line_with("salt.lock", "cay", "dinner.cpp"), line_with("knife.lock", "cay", "dinner.cpp")});
}

// --- kitchen ---------------------------------------------------------------------------------------------

TEST(Kitchen, PrintsThisDump) { must_be_fresh(kitchen, kFolder, "kitchen.dump"); }

TEST(Kitchen, HasAKnot) {
  judge_knot("kitchen-knot",
             {{"main", "cook"}, {"guest", "cook"}, {"driver", "cook"}, {"cook", "driver"}});
}

TEST(Kitchen, HasACulprit) {
  judge_culprit("kitchen-who",
                {{"main", "main waits for the meal and holds nothing"},
                 {"guest", "the guest waits for the meal and holds nothing"},
                 {"driver", "the driver waits for the store, and holds nothing meanwhile"}});
}

TEST(Kitchen, HasALineToChange) {
  judge_line("kitchen-line", answers().one("kitchen-line"), kFolder, "kitchen.cpp",
             {line_with("store.lock", "cook", "kitchen.cpp"),
              line_with("delivery.wait", "cook", "kitchen.cpp")});
}

TEST(Kitchen, WaitsForWhatNeverComes) {
  const std::map<std::string, std::string> innocence = {
      {"meal.done()",
       "it is main and the guest who wait for the meal, and the meal comes as soon as the cook "
       "goes on"},
      {"store.unlock()",
       "it is the driver who waits for the store, and the store is unlocked as soon as the cook "
       "goes on"}};
  const std::string what = answers().one("kitchen-for");
  const auto reason = innocence.find(what);
  must_hold("what the culprit waits for is what another one would do, who waits for the culprit",
            reason == innocence.end(), "kitchen-for: you say {}\nbut {}", what,
            reason == innocence.end() ? "" : reason->second);
}

}  // namespace
}  // namespace conclave
