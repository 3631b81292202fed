#include "plan/jax/preparations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/word_list.h"
#include "plan/argument_roles.h"
#include "plan/idiom.h"
#include "plan/jax/call_table.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/formula.h"

namespace jaxsmith::plan {
namespace {

// Classes of what arguments are called: a reading is calibrated, a price is not.
struct NameClass {
  std::string_view name, words;
};
constexpr std::array kClasses = {
    NameClass{"data",
              "x xs inputs input features feature batch data values samples rows points vectors "
              "queries query embeddings acts activations activation anchors blocks patches "
              "candidates held_out hidden_states"},
    NameClass{"measured",
              "readings reading measured measurements measurement observed observations "
              "observation y ys samples response responses levels level temperature temp celsius "
              "humidity rh speed wind pressure voltage current height heights depth distance "
              "distances amplitude amplitudes intensity concentration length width radius period "
              "diameter volume power demand soil gaps waits exposure mass masses losses scores"},
    NameClass{"series",
              "signal signals series waveform audio trace frames chunks rewards demand prices "
              "cash_flows observations controls drive recording wave increments flow heights "
              "velocities loads"},
    NameClass{"state", "state hidden h estimate belief mean loc embedding memory average"},
    NameClass{"weights",
              "weights w kernel w_out w_up w_down w_in w1 w2 projection mixing factor basis "
              "codebook prototypes kernels filterbank head"},
    NameClass{"positive",
              "scale scales sigma gain gains bandwidth damping noise_var variance process_var "
              "r_diag q_diag noise stiffness spread strength concentration alpha beta gamma tau "
              "lengthscale diffusivity viscosity kappa precision attn_scale ridge"},
    NameClass{"rate", "rate rates growth decay drift annual_rate apr coupling"},
    NameClass{"time", "period tau duration waits lifetime half_life"},
    NameClass{"probability",
              "p probs prob probability probabilities share shares fraction humidity rh "
              "observed_probs model_probs keep alphas"},
    NameClass{"amount",
              "principal price spot cost costs salary demand payment population capacity amount "
              "charges stock income volume power energy mass"},
    NameClass{"image", "image images img pixels frame frames plane patch feature_map maps field"},
    NameClass{"labels",
              "labels label targets target_class classes class ids token_ids actions groups "
              "group_ids bins kinds"},
    NameClass{"bins", "bins bin buckets bucket grades grade stages ages quantized codes levels"},
    NameClass{"counts", "counts count trials hits successes events"},
    NameClass{"calendar", "year month day hour hours minutes seconds minute date"},
    NameClass{"setting", "threshold limit temperature ridge damping gain gravity mode"},
    NameClass{"mask", "mask valid present seen observed is_real padding_mask masks"},
    NameClass{"estimate", "estimate belief average mean"},
    NameClass{"deviation", "sigma scale scales noise spread bandwidth lengthscale std jitter"},
    NameClass{"logits", "logits logit scores score log_odds"},
    NameClass{"log_weights",
              "log_weights log_probs log_prob log_likelihoods log_lik log_potentials emissions "
              "log_emissions unary log_emission log_scores"},
    NameClass{"angle", "angle angles heading bearing latitude longitude lat lon"},
    NameClass{"size", "length radius distance speed norm"}};

bool is_of(std::string_view name_class, const std::string& name) {
  const auto found = std::ranges::find(kClasses, name_class, &NameClass::name);
  if (found == kClasses.end())
    throw std::logic_error("preparations: no class " + std::string(name_class));
  const std::vector<std::string> parts = words_of_name(name);
  return is_word_of(found->words, name) ||
         (!parts.empty() && is_word_of(found->words, parts.back()));
}

// Of a row: which arguments it makes.
struct Conditions {
  std::uint32_t kinds = kNumbers | kBoolKind;
  bool full = false;                      // no half precision
  bool wide = false;                      // no bytes
  bool oblong = false;                    // rows may repeat or depend on one another
  std::vector<std::string> classes = {};  // of its name; none: any
  int lowest = 0, highest = 4;            // ranks
  struct Bound {
    std::string text;
    std::size_t at;  // of its sign
  };
  std::vector<Bound> bounds = {};  // "L>0"

  bool hold(const Wanted& wanted) const {
    const int rank = wanted.type.rank();
    if ((kind_of(wanted.type.dtype) & kinds) == 0 || rank < lowest || rank > highest) return false;
    const Shape& shape = wanted.type.shape;
    if (oblong && rank > 1 && shape[shape.size() - 1] == shape[shape.size() - 2]) return false;
    const bool named = std::ranges::any_of(
        classes, [&](const std::string& each) { return is_of(each, wanted.names.front()); });
    if (!classes.empty() && !named) return false;
    if (wide && tensor::byte_size(wanted.type.dtype) == 1) return false;
    if (full && tensor::byte_size(wanted.type.dtype) == 2) return false;
    if (std::ranges::any_of(wanted.type.shape, [](std::int64_t n) { return n < 2; })) return false;
    const auto value_of = [&](const std::string& name) {
      if (const auto known = symbol_of(wanted, name)) return *known;
      throw std::logic_error("preparations: nothing is called " + name);
    };
    return std::ranges::all_of(bounds, [&](const Bound& bound) {
      const std::string_view text = bound.text;
      const double one = formula(text.substr(0, bound.at), value_of);
      const double other = formula(text.substr(bound.at + 1), value_of);
      return text[bound.at] == '<' ? one < other : one > other;
    });
  }
};

struct Row {
  std::string name;
  Category category{};
  double weight = 1;
  Conditions conditions = {};
  std::vector<std::string> comments = {};
  std::vector<CallSteps> ways = {};
};

// "array 2 real rank=1..3 L<0 H>0"
void read_heading(const std::string& text, Row& row) {
  static const std::map<std::string, std::uint32_t> kKindWords = {
      {"real", kReal}, {"whole", kIntegers}, {"flags", kBoolKind}, {"numbers", kNumbers}};
  const std::vector<std::string> words = table_words(text);
  row.category = category_named(words.at(0)), row.weight = std::stod(words.at(1));
  for (std::size_t k = 2; k < words.size(); ++k) {
    const std::string& word = words[k];
    if (const auto kind = kKindWords.find(word); kind != kKindWords.end()) {
      row.conditions.kinds = kind->second;
    } else if (word == "full") {
      row.conditions.full = true;
    } else if (word == "wide") {
      row.conditions.wide = true;
    } else if (word == "oblong") {
      row.conditions.oblong = true;
    } else if (word.starts_with("of=")) {
      row.conditions.classes = split_list(word.substr(3));
    } else if (word.starts_with("rank=")) {
      const std::size_t dots = word.find("..");
      row.conditions.lowest = std::stoi(word.substr(5));
      row.conditions.highest =
          dots == std::string::npos ? row.conditions.lowest : std::stoi(word.substr(dots + 2));
    } else {
      const std::size_t sign = word.find_first_of("<>");
      if (sign == std::string::npos) throw std::logic_error("preparations: " + word);
      row.conditions.bounds.push_back({word, sign});
    }
  }
}

std::string entry_of(const Row& row) { return "prepare " + row.name; }

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> out;
    for (const std::string& line : table_lines(preparations_table())) {
      if (!line.starts_with(' ')) {
        const std::size_t colon = line.find(" : ");
        Row& row = out.emplace_back();
        row.name = line.substr(0, colon);
        read_heading(line.substr(colon + 3), row);
      } else if (line.starts_with("  # ")) {
        out.back().comments.push_back(line.substr(4));
      } else {
        out.back().ways.emplace_back(line.substr(2));
      }
    }
    return out;
  }();
  return kRows;
}

// {} in a comment is the noun of what is wanted.
std::string said_of(const Wanted& wanted, std::string text) {
  std::string noun = wanted.stem();
  std::ranges::replace(noun, '_', ' ');
  for (std::size_t at = text.find("{}"); at != std::string::npos; at = text.find("{}", at))
    text.replace(at, 2, noun);
  return text;
}

}  // namespace

std::optional<double> symbol_of(const Wanted& wanted, std::string_view name) {
  const Interval& r = wanted.range;
  const Shape& shape = wanted.type.shape;
  if (name == "L") return r.lo;
  if (name == "H") return r.hi;
  if (name == "D") return r.hi - r.lo;
  if (name == "W") return std::min(-r.lo, r.hi);
  if (name == "M") return std::floor(r.hi) + 1;
  if (name == "N") return static_cast<double>(tensor::element_count(shape));
  if (name.size() != 2 || name[0] != 'd' || name[1] < '0' || name[1] > '9') return std::nullopt;
  const auto axis = static_cast<std::size_t>(name[1] - '0');
  return axis < shape.size() ? std::optional(static_cast<double>(shape[axis])) : std::nullopt;
}

std::vector<Preparation> preparations() {
  constexpr double kCommented = 0.15;
  std::vector<Preparation> out;
  for (const Row& row : rows())
    out.push_back({entry_of(row), row.weight,
                   [&row](const Wanted& wanted) { return row.conditions.hold(wanted); },
                   [&row](Idiom& i, const Wanted& wanted) {
                     const CallSteps& way = i.random().pick(row.ways);
                     const bool commented = i.chance(kCommented) && !row.comments.empty();
                     if (commented && wanted.names.front().size() > 2)
                       i.comment(said_of(wanted, i.random().pick(row.comments)));
                     return way.write_wanted(i, wanted);
                   }});
  return out;
}

std::vector<Op> preparation_ops() {
  std::vector<Op> out;
  for (const Row& row : rows()) out.push_back(preparation_entry(entry_of(row), row.category));
  return out;
}

}  // namespace jaxsmith::plan
