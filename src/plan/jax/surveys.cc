#include "plan/jax/surveys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "plan/builder.h"
#include "plan/jax/call_table.h"
#include "plan/jax/op_helpers.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

using Texts = std::vector<std::string>;

// A form of what is shown, and which operands it names.
struct Figure {
  std::string text;
  Texts operands;
};

struct Survey {
  std::string name;
  Category category;
  Texts names = {}, sentences = {};
  Texts subjects = {};  // what it is of: one of these
  Texts always = {};
  std::vector<Figure> figures = {};
  Texts words = {};        // one of these for ~
  Texts conclusions = {};  // what goes on with all figures that are taken
};

// Of "x,values[n]{-1,1}; y : …" the first names: x, y.
Texts operands_of(std::string_view form) {
  Texts out = table_parts(form.substr(0, form.find(" : ")), "; ");
  for (std::string& operand : out) {
    operand = operand.substr(0, operand.find_first_of("[,"));
    if (operand.starts_with('!')) operand.erase(0, 1);
  }
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

bool contains(const Texts& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

// Of "… -> known,observed[n]f" the first name.
std::string result_of(const std::string& form) {
  const std::string result = form.substr(form.rfind(" -> ") + 4);
  return result.substr(0, result.find_first_of("[,?"));
}

std::vector<Survey> read(std::string_view table) {
  std::vector<Survey> out;
  for (const std::string& line : table_lines(table)) {
    if (!line.starts_with("  ")) {
      const std::size_t colon = line.find(" : ");
      out.push_back({line.substr(0, colon), category_named(line.substr(colon + 3))});
      continue;
    }
    Survey& survey = out.back();
    const std::string text = line.substr(2),
                      rest = text.substr(std::min<std::size_t>(2, text.size()));
    if (text.starts_with("= "))
      survey.names = table_words(rest);
    else if (text.starts_with("# "))
      survey.sentences.push_back(rest);
    else if (text.starts_with("~ "))
      survey.words = table_words(rest);
    else if (text.starts_with("& "))
      survey.conclusions.push_back(rest);
    else if (text.starts_with("! "))
      survey.always.push_back(rest);
    else if (text.find(" -> ") == text.npos)
      survey.subjects.push_back(text);
    else
      survey.figures.push_back({text, operands_of(text)});
  }
  return out;
}

// What has to be named by some figure: what is taken, and what is made of it.
Texts needed(const Survey& survey, const std::string& subject) {
  Texts out = operands_of(subject);
  for (const std::string& step : survey.always) {
    for (const std::string& used : operands_of(step)) std::erase(out, used);
    out.push_back(result_of(step));
  }
  return out;
}

bool covers(const std::vector<Figure>& figures, const Texts& names) {
  return std::ranges::all_of(names, [&](const std::string& name) {
    return std::ranges::any_of(figures,
                               [&](const Figure& f) { return contains(f.operands, name); });
  });
}

// The figures with one of the survey's words for all of them.
std::vector<Figure> in_one_word(const Survey& survey, Builder& b) {
  std::vector<Figure> out = survey.figures;
  if (survey.words.empty()) return out;
  Texts all;
  for (const std::string& word : survey.words) {
    std::string& text = all.emplace_back();
    for (const Figure& figure : out) text += replaced(figure.text, "~", word) + "\n";
  }
  const std::string& word = survey.words[likelier(b, all)];
  for (Figure& figure : out) figure.text = replaced(figure.text, "~", word);
  return out;
}

// So many of the figures, in their order.
std::vector<Figure> some_of(const std::vector<Figure>& all, std::size_t count, Builder& b) {
  std::vector<std::size_t> left(all.size());
  std::iota(left.begin(), left.end(), 0);
  std::vector<bool> taken(left.size());
  for (std::size_t k = 0; k < count; ++k) {
    Texts texts;
    for (const std::size_t n : left) texts.push_back(all[n].text);
    const auto one = left.begin() + static_cast<std::ptrdiff_t>(likelier(b, texts));
    taken[*one] = true;
    left.erase(one);
  }
  std::vector<Figure> out;
  for (std::size_t k = 0; k < taken.size(); ++k)
    if (taken[k]) out.push_back(all[k]);
  return out;
}

// The form of what goes on with all of these.
std::string conclusion_of(const std::string& text, const std::vector<Figure>& figures) {
  Texts results;
  for (const Figure& figure : figures) results.push_back(result_of(figure.text));
  const std::string call = replaced(text, "$*", Idiom::holes(0, figures.size()));
  return fmt::format("{} : {}", fmt::join(results, "; "),
                     replaced(call, "#", std::to_string(figures.size())));
}

void write(const Survey& survey, Idiom& i) {
  constexpr int kTries = 8;
  constexpr double kConcluded = 0.75;
  static const std::vector<double> kMore = {0.3, 0.45, 0.25};  // 2, 3, 4 figures
  Builder& b = i.builder();
  const std::string& subject = i.random().pick(survey.subjects);
  const Texts names = needed(survey, subject);
  const std::vector<Figure> all = in_one_word(survey, b);
  const std::size_t count = std::min(all.size(), 2 + i.random().weighted(kMore));
  for (int tries = 0; tries < kTries; ++tries) {
    const std::vector<Figure> figures = some_of(all, count, b);
    if (!covers(figures, names)) continue;
    Texts forms = {subject};
    forms.insert(forms.end(), survey.always.begin(), survey.always.end());
    for (const Figure& figure : figures) forms.push_back(figure.text);
    if (!survey.conclusions.empty() && i.chance(kConcluded))
      forms.push_back(conclusion_of(i.random().pick(survey.conclusions), figures));
    i.called(survey.names);
    i.summary(i.random().pick(survey.sentences));
    return CallSteps(fmt::format("{}", fmt::join(forms, " => "))).write(i);
  }
  i.fail();
}

// Throws std::logic_error where a row does not say what it must.
void check(const Survey& survey) {
  if (survey.names.empty() || survey.sentences.empty() || survey.subjects.empty())
    throw std::logic_error("survey " + survey.name +
                           ": names, a sentence and a subject are wanted");
  for (const std::string& subject : survey.subjects)
    if (!covers(survey.figures, needed(survey, subject)))
      throw std::logic_error("survey " + survey.name + ": no figure shows all of " + subject);
  for (const Figure& figure : survey.figures) CallSteps{figure.text};
  for (const std::string& text : survey.conclusions) CallSteps{conclusion_of(text, survey.figures)};
}

}  // namespace

std::vector<Op> survey_ops() {
  constexpr double kWeight = 0.3;
  std::vector<Op> out;
  for (auto* table : {surveys_of_arrays, surveys_of_mathematics, surveys_of_statistics})
    for (Survey& survey : read(table())) {
      check(survey);
      std::string name = survey.name;
      const Category category = survey.category;
      out.push_back(written(std::move(name), category, kWeight, Derivative::kNone,
                            [survey = std::move(survey)](Idiom& i) { write(survey, i); }));
    }
  return out;
}

}  // namespace jaxsmith::plan
