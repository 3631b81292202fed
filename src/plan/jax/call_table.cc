#include "plan/jax/call_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>

#include "plan/holes.h"
#include "plan/idiom.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/formula.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/preparations.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

using Words = Idiom::Words;

struct Item {  // an operand or a result
  Words names;
  Words shape;  // a text a size
  char kind = ' ';
  Words range = {"-1", "1"};  // its ends
  bool always_argument = false, may_hide = false, unneeded = false;
  bool ranged = false;  // its range is said
  bool known = false;   // what an earlier form has taken or made under this name
};

// Any shape, as * is; ? may be none, too.
bool is_any_shape(const std::string& size) { return size == "*" || size == "?"; }

struct Size {  // lo..hi, or lo alone
  std::string lo, hi;
};

struct Form {
  std::vector<Item> operands, results;
  std::map<std::string, Size> sizes;
  std::string call;
};

Item parse_item(const std::string& text) {
  const std::size_t open = text.find('['), close = text.find(']');
  Item item;
  if (open == std::string::npos && !text.empty()) {
    item.names = {text}, item.known = true;
    return item;
  }
  if (open == std::string::npos || close == std::string::npos)
    throw std::logic_error("library call: no shape in " + text);
  std::string names = text.substr(0, open);
  if (names.starts_with("!")) {
    item.always_argument = true;
    names.erase(0, 1);
  }
  if (names.ends_with("?")) {
    item.may_hide = true;
    names.pop_back();
  }
  item.unneeded = names == "_";
  item.names = table_parts(names, ",");
  item.shape = table_parts(text.substr(open + 1, close - open - 1), " ");
  std::size_t at = close + 1;
  if (at < text.size() && text[at] != '{') item.kind = text[at++];
  if (item.kind == 'b') item.range = {"0", "1"};
  if (at < text.size()) {
    item.ranged = true;
    item.range = table_parts(text.substr(at + 1, text.size() - at - 2), ",");
    if (item.range.size() != 2) throw std::logic_error("library call: no range in " + text);
  }
  return item;
}

// `operands_alone`: there need not be a call.
Form parse_form(const std::string& text, bool operands_alone = false) {
  const std::size_t arrow = text.rfind(" -> ");
  const bool calls = arrow != std::string::npos;
  if (!calls && !operands_alone) throw std::logic_error("library call: no result in " + text);
  Form form;
  Words parts = table_parts(text.substr(0, arrow), " : ");
  if (!calls) parts.emplace_back();
  if (parts.size() < 2 || parts.size() > 3)
    throw std::logic_error("library call: operands, sizes and a call are wanted of " + text);
  for (const std::string& operand : table_parts(parts.front(), "; "))
    form.operands.push_back(parse_item(operand));
  form.call = parts.back();
  if (parts.size() == 3) {
    for (const std::string& size : table_parts(parts[1], ", ")) {
      const std::size_t equals = size.find('='), dots = size.find("..");
      Size& of = form.sizes[size.substr(0, equals)];
      of.lo = size.substr(equals + 1, dots == std::string::npos ? dots : dots - equals - 1);
      if (dots != std::string::npos) of.hi = size.substr(dots + 2);
    }
  }
  if (!calls) return form;
  for (const std::string& result : table_parts(text.substr(arrow + 4), "; "))
    form.results.push_back(parse_item(result));
  return form;
}

// What the forms of several steps share.
struct Known {
  ValueId given = kNoValue;
  std::map<std::string, ValueId> values = {};
  std::map<std::string, std::int64_t> sizes = {};
  std::optional<Shape> shape = {};
  const Wanted* wanted = nullptr;
};

class Call {
 public:
  Call(Idiom& idiom, const Form& form) : i_(idiom), form_(form) {}
  // One form of several, with what those before have named; `given` is its first operand.
  Call(Idiom& idiom, const Form& form, Known& known, ValueId given)
      : i_(idiom), form_(form), known_(&known), given_(given) {
    bound_ = known.sizes, base_ = known.shape;
  }

  void write() {
    Idiom::Ids operands;
    for (const Item& item : form_.operands) {
      operands.push_back(operand(item, operands));
      if (known_) known_->values.emplace(item.names.front(), operands.back());
    }
    if (form_.results.empty()) return remember({});
    const std::string call = numbers(choices(form_.call));
    std::vector<Idiom::Part> parts;
    for (const Item& item : form_.results) {
      const auto type = type_of(item);
      if (!type) return i_.fail();
      parts.push_back({item.unneeded ? Words{} : named(item), *type, range_of(item)});
    }
    const Idiom::Ids made = i_.unpack(call, operands, {}, std::move(parts));
    for (std::size_t k = 0; k < made.size(); ++k)
      if (form_.results[k].may_hide) i_.may_hide(made[k]);
    remember(made);
  }

 private:
  void remember(const Idiom::Ids& made) {
    if (!known_) return;
    known_->sizes = bound_, known_->shape = base_;
    for (std::size_t k = 0; k < made.size(); ++k)
      known_->values.emplace(form_.results[k].names.front(), made[k]);
  }

  bool bears_scalars() const {
    const auto any = [](const Item& item) {
      return std::ranges::find(item.shape, "?") != item.shape.end();
    };
    return std::ranges::any_of(form_.operands, any) || std::ranges::any_of(form_.results, any);
  }

  // ---- Sizes ----
  std::int64_t value(const std::string& name) {
    if (const auto found = bound_.find(name); found != bound_.end()) return found->second;
    std::int64_t out = 0;
    if (const auto declared = form_.sizes.find(name); declared != form_.sizes.end()) {
      const std::int64_t lo = evaluate(declared->second.lo);
      const std::int64_t hi = declared->second.hi.empty() ? lo : evaluate(declared->second.hi);
      out = i_.between(lo, std::max(lo, hi));
    } else if (name == "a") {
      out = i_.between(0, std::max<std::int64_t>(1, rank()) - 1);
    } else if (name == "r") {
      out = rank();
    } else if (const auto symbol = wanted_symbol(name)) {
      out = static_cast<std::int64_t>(*symbol);
    } else if (name == "d") {
      if (rank() == 0) i_.fail();
      out = base()[static_cast<std::size_t>(value("a"))];
    } else {
      out = i_.size();
    }
    bound_[name] = out;
    return out;
  }

  std::optional<double> wanted_symbol(const std::string& name) const {
    return known_ && known_->wanted ? symbol_of(*known_->wanted, name) : std::nullopt;
  }

  std::int64_t rank() { return static_cast<std::int64_t>(base().size()); }

  const Shape& base() {
    if (base_) return *base_;
    constexpr double kScalars = 0.3;  // people give one number where there may be any
    const std::int64_t most = i_.builder().settings().max_rank;
    if (bears_scalars() && (most == 0 || (known_ && i_.chance(kScalars)))) return base_.emplace();
    std::int64_t n = i_.between(1, std::min<std::int64_t>(3, most));
    if (known_) n = std::min<std::int64_t>(n, i_.chance(0.8) ? 2 : 3);
    if (form_.sizes.contains("rank")) n = std::min(most, value("rank"));
    Shape shape;
    for (std::int64_t k = 0; k < n; ++k) shape.push_back(i_.size());
    base_ = std::move(shape);
    return *base_;
  }

  // Sums, products and quotients of numbers and names, as in Python.
  std::int64_t evaluate(std::string_view text) {
    return whole_formula(text, [this](const std::string& name) { return value(name); });
  }

  Words named(const Item& item) const {
    if (known_ == nullptr || known_->wanted == nullptr) return item.names;
    if (item.names.front() == "{}") return known_->wanted->names;
    Words out = item.names;
    for (std::string& name : out)
      if (const std::size_t at = name.find("{}"); at != std::string::npos)
        name.replace(at, 2, known_->wanted->stem());
    return out;
  }

  double wanted_end(const std::string& text) {
    return formula(text, [this](const std::string& name) {
      const auto symbol = wanted_symbol(name);
      return symbol ? *symbol : static_cast<double>(value(name));
    });
  }

  Interval range_of(const Item& item) {
    if (known_ && known_->wanted) {
      const double lo = wanted_end(item.range[0]), hi = wanted_end(item.range[1]);
      if (!(lo < hi)) i_.fail();
      return {lo, hi};
    }
    // "2R": twice as far as what is given reaches, "RR": the square of that.
    const auto end = [&](std::string text) {
      double factor = 1;
      for (; text.ends_with("R"); text.pop_back()) factor *= reach();
      if (factor != 1 && (text.empty() || text == "-")) text += "1";
      if (text.empty()) return 1.0;
      const bool number = text.find_first_not_of("+-.0123456789e") == std::string::npos;
      return factor * (number ? std::stod(text) : static_cast<double>(evaluate(text)));
    };
    const double lo = end(item.range[0]);
    return {lo, end(item.range[1])};
  }

  double reach() const {
    if (!known_ || known_->given == kNoValue) return 1;
    const Interval range = practical(i_.builder()[known_->given].stats);
    return std::max(std::abs(range.lo), std::abs(range.hi));
  }

  // ---- Types ----
  // What goes with a value that is given is of its type.
  DType real_type() const {
    const ValueId given = known_ ? known_->given : kNoValue;
    const DType own = known_ && known_->wanted ? known_->wanted->type.dtype
                      : given == kNoValue      ? i_.real()
                                               : i_.type(given).dtype;
    return kind_of(own) == kReal ? own : i_.real();
  }

  std::optional<DType> dtype(char kind) {
    const DType real = real_type();
    const bool half = half_precision(real);
    const auto if_allowed = [&](DType type) {
      return i_.builder().allowed(type) ? std::optional(type) : std::nullopt;
    };
    switch (kind) {
      case ' ':
        return real;
      case 'f':
        return half ? std::nullopt : std::optional(real);
      case 'd':
        return if_allowed(i_.builder().default_real());
      case 'i':
        return i_.integer();
      case 'b':
        return DType::kBool;
      case 'c':
        return real == DType::kF32 ? if_allowed(DType::kC64) : std::nullopt;
      case 'D':
        return if_allowed(DType::kF32);
      case 'B':
        return if_allowed(DType::kU8);
      case 'U':
        return if_allowed(DType::kU32);
      case 'J':
        return if_allowed(DType::kI32);
      case 'S':
        return if_allowed(i_.builder().settings().integer);
      case 'w':
        return known_ && known_->wanted ? std::optional(known_->wanted->type.dtype) : std::nullopt;
      case 'g':
      case 'h':
        if (known_ && known_->given != kNoValue) {
          const DType given = i_.type(known_->given).dtype;
          return if_allowed(kind == 'h' ? inexact_of(given) : given);
        }
        [[fallthrough]];
      default:
        throw std::logic_error(fmt::format("library call: no kind of element is called {}", kind));
    }
  }

  std::optional<Shape> shape_of(const Item& item) {
    Shape out;
    for (const std::string& size : item.shape) {
      if (!size.starts_with("*") && size != "?") {
        out.push_back(evaluate(size));
        continue;
      }
      Shape all = base();
      if (all.empty() && !is_any_shape(size)) return std::nullopt;  // a number has no axis
      const auto axis = static_cast<std::ptrdiff_t>(is_any_shape(size) ? 0 : value("a"));
      if (size.starts_with("*-")) all.erase(all.begin() + axis);
      if (size.starts_with("*1")) all[static_cast<std::size_t>(axis)] = 1;
      if (size.starts_with("*=")) all[static_cast<std::size_t>(axis)] = evaluate(size.substr(2));
      out.insert(out.end(), all.begin(), all.end());
    }
    for (const std::int64_t n : out)
      if (n < 1) return std::nullopt;
    return out;
  }

  std::optional<Type> type_of(const Item& item) {
    const auto element = dtype(item.kind);
    const auto shape = shape_of(item);
    if (!element || !shape) return std::nullopt;
    return Type{*element, *shape};
  }

  // ---- Operands ----
  // Whether a shape is one that the item may have; binds its letters where it is.
  bool matches(const Item& item, const Shape& shape) {
    const auto star = std::find_if(item.shape.begin(), item.shape.end(), is_any_shape);
    const std::size_t fixed = item.shape.size() - (star != item.shape.end() ? 1 : 0);
    if (shape.size() < fixed || (star == item.shape.end() && shape.size() != fixed)) return false;
    std::size_t at = 0;
    std::map<std::string, std::int64_t> letters;
    for (const std::string& size : item.shape) {
      if (is_any_shape(size)) {
        const std::size_t n = shape.size() - fixed;
        if (n < (size == "?" ? 0U : 1U) || n > 3) return false;
        if (const auto rank = form_.sizes.find("rank");
            rank != form_.sizes.end() &&
            (n < std::stoul(rank->second.lo) ||
             n > std::stoul(rank->second.hi.empty() ? rank->second.lo : rank->second.hi)))
          return false;
        at += n;
        continue;
      }
      const std::int64_t n = shape[at++];
      if (n < 2) return false;
      if (size.size() != 1 || !std::isalpha(static_cast<unsigned char>(size[0])) ||
          !within_declared(size, n))
        return false;
      const auto [slot, fresh] = letters.emplace(size, n);
      if (!fresh && slot->second != n) return false;
    }
    return std::none_of(shape.begin(), shape.end(), [](std::int64_t n) { return n < 2; });
  }

  bool within_declared(const std::string& letter, std::int64_t n) {
    const auto declared = form_.sizes.find(letter);
    if (declared == form_.sizes.end()) return true;
    const auto plain = [](const std::string& s) {
      return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
        return std::isdigit(static_cast<unsigned char>(c));
      });
    };
    return plain(declared->second.lo) && plain(declared->second.hi) &&
           n >= std::stoll(declared->second.lo) && n <= std::stoll(declared->second.hi);
  }

  void bind(const Item& item, const Shape& shape) {
    std::size_t at = 0;
    for (const std::string& size : item.shape) {
      if (!is_any_shape(size)) {
        bound_[size] = shape[at++];
        continue;
      }
      const auto first = shape.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t n = shape.size() - (item.shape.size() - 1);
      base_ = Shape(first, first + static_cast<std::ptrdiff_t>(n));
      at += n;
    }
  }

  // Whether what is given may be this operand: of the kind, and in the range where there is one.
  bool takes(const Item& item, const Type& type) {
    constexpr double kSlack = 1e-3;
    const std::uint32_t kind = kind_of(type.dtype);
    const bool of_kind = item.kind == 'b'   ? kind == kBoolKind
                         : item.kind == 'c' ? kind == kComplexKind
                         : item.kind == 'i' ? (kind & kIntegers) != 0
                                            : kind == kReal;
    const bool half = type.dtype == DType::kF16 || type.dtype == DType::kBF16;
    const Interval lies = practical(i_.builder()[given_].stats);
    const Interval range = item.ranged ? range_of(item) : anywhere();
    return of_kind && !(item.kind == 'f' && half) && lies.lo >= range.lo - kSlack &&
           lies.hi <= range.hi + kSlack && matches(item, type.shape);
  }

  ValueId operand(const Item& item, const Idiom::Ids& before) {
    if (item.known) {
      const auto found = known_->values.find(item.names.front());
      if (found != known_->values.end() && found->second == kNoValue) i_.fail();
      if (found == known_->values.end())
        throw std::logic_error("library call: nothing is called " + item.names.front());
      return found->second;
    }
    if (given_ != kNoValue && before.empty()) {
      if (!takes(item, i_.type(given_))) i_.fail();
      bind(item, i_.shape(given_));
      return given_;
    }
    const auto element = dtype(item.kind);
    if (!element) i_.fail();
    const Interval range = range_of(item);
    // Where a result is a gate or may hide its operands, these use most of their range, and are of
    // some elements where that is not the form's to say.
    const bool gates = std::ranges::any_of(form_.results, &Item::may_hide);
    const bool sized =
        !item.shape.empty() && std::ranges::all_of(item.shape, [](const std::string& n) {
          return std::isdigit(static_cast<unsigned char>(n[0])) != 0;
        });
    const auto used = [&](const Value& v) {
      constexpr double kUsedShare = 0.1, kUsedShareOfGate = 0.6;
      constexpr std::int64_t kSome = 6;
      return spread(v.stats) >= (gates ? kUsedShareOfGate : kUsedShare) * (range.hi - range.lo) &&
             (!gates || sized || tensor::element_count(v.type.shape) >= kSome);
    };
    const auto fits = [&](const Value& v) {
      const Interval reach = practical(v.stats);
      const bool taken = std::any_of(before.begin(), before.end(),
                                     [&](ValueId id) { return &v == &i_.builder()[id]; });
      return !taken && !v.weak && !v.any_scale && v.type.dtype == *element &&
             (*element == DType::kBool ||
              (reach.lo >= range.lo && reach.hi <= range.hi && used(v)));
    };
    if (before.empty() && !item.always_argument && !known_) {
      // The first operand sets the sizes.
      const auto found =
          i_.builder().draw([&](const Value& v) { return fits(v) && matches(item, v.type.shape); });
      if (found) {
        bind(item, i_.shape(*found));
        return *found;
      }
    }
    const auto type = type_of(item);
    if (!type) i_.fail();
    if (!item.always_argument && !before.empty() && !known_) {
      const auto found =
          i_.builder().draw([&](const Value& v) { return fits(v) && v.type == *type; });
      const bool inner = i_.builder().depth() > 0;
      if (found && (inner || i_.builder()[*found].uses == 0 || i_.chance(0.5))) return *found;
    }
    return i_.argument(named(item), *type, range);
  }

  // ---- The call ----
  // "<x|y>" is one of them; " < ", " > ", " | " and "->" are Python's.
  std::string choices(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const char c = text[at];
      const bool opens = c == '<' && at + 1 < text.size() && text[at + 1] != ' ' &&
                         text[at + 1] != '=' && text[at + 1] != '<' &&
                         (at == 0 || text[at - 1] != '<');
      if (!opens) {
        out += c;
        ++at;
        continue;
      }
      std::vector<std::string> options(1);
      int depth = 0;
      for (++at; at < text.size(); ++at) {
        const char k = text[at];
        const bool pythons = at > 0 && text[at - 1] == ' ';
        if (k == '<' && !(at + 1 < text.size() && (text[at + 1] == ' ' || text[at + 1] == '=')))
          ++depth;
        if (k == '>' && !pythons && depth-- == 0) break;
        if (k == '|' && !pythons && depth == 0) {
          options.emplace_back();
          continue;
        }
        options.back() += k;
      }
      ++at;
      out += choices(options[likelier(i_.builder(), options)]);
    }
    return out;
  }

  std::string numbers(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const std::size_t close = text[at] == '{' ? text.find('}', at) : std::string_view::npos;
      const std::string_view inside = close == std::string_view::npos
                                          ? std::string_view()
                                          : text.substr(at + 1, close - at - 1);
      const bool number = !inside.empty() && std::all_of(inside.begin(), inside.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) ||
               std::string_view("+-*/()").find(c) != std::string_view::npos;
      });
      if (!number) {
        out += text[at];
        continue;
      }
      out += inside == "dtype"   ? dtype_text(real_type())
             : inside == "shape" ? tuple_text(base())
             : inside == "wtype" ? dtype_text(*dtype('w'))
             : inside == "itype" ? dtype_text(i_.integer())
                                 : fmt::format("{}", evaluate(inside));
      at = close;
    }
    return out;
  }

  Idiom& i_;
  const Form& form_;
  std::map<std::string, std::int64_t> bound_;
  std::optional<Shape> base_;
  Known* known_ = nullptr;
  ValueId given_ = kNoValue;
};

// "arithmetic smooth 0.5", "linear_algebra smooth unmapped"
struct Heading {
  Category category;
  Derivative derivative;
  double weight = 1;
  Traits traits = 0;
};

Heading parse_heading(const std::string& text) {
  static const std::map<std::string, Derivative> kDerivatives = {{"smooth", Derivative::kSmooth},
                                                                 {"zero", Derivative::kZero},
                                                                 {"forward", Derivative::kForward},
                                                                 {"none", Derivative::kNone}};
  const Words words = table_parts(text, " ");
  Heading out{category_named(words.at(0)), kDerivatives.at(words.at(1))};
  static const std::map<std::string, Traits> kTraits = {
      {"unmapped", kUnmapped}, {"in_order", kInOrder}, {"in_reverse", kInReverse}};
  for (std::size_t k = 2; k < words.size(); ++k) {
    if (const auto trait = kTraits.find(words[k]); trait != kTraits.end())
      out.traits |= trait->second;
    else
      out.weight = std::stod(words[k]);
  }
  return out;
}

// "@(" and "@." become the function; " @ " is Python's.
std::string with_function(const std::string& text, const std::string& function) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool named = text[at] == '@' && at + 1 < text.size() && text[at + 1] != ' ';
    out += named ? function : std::string(1, text[at]);
  }
  return out;
}

Op entry(const std::string& name, const Heading& heading, const Words& rows) {
  std::vector<Form> forms;
  Words texts;
  const std::string function = name.substr(0, name.find(' '));
  for (const std::string& row : rows) {
    texts.push_back(with_function(row, function));
    forms.push_back(parse_form(texts.back()));
  }
  return with_traits(heading.traits,
                     written(name, heading.category, heading.weight, heading.derivative,
                             [forms = std::move(forms), texts = std::move(texts)](Idiom& i) {
                               Call(i, forms[likelier(i.builder(), texts)]).write();
                             }));
}

void add_entries(std::string_view table, std::vector<Op>& out) {
  std::string heading;
  Words forms;
  const auto finish = [&] {
    if (heading.empty()) return;
    const Words parts = table_parts(heading, " : ");
    const Heading of = parse_heading(parts.at(1));
    const Words names = table_parts(parts[0], " ");
    const bool several = std::all_of(names.begin(), names.end(), [](const std::string& name) {
      return name.find('.') != std::string::npos;
    });
    for (const std::string& name : several ? names : Words{parts[0]})
      out.push_back(entry(name, of, forms));
    forms.clear();
  };
  for (const std::string& line : table_parts(table, "\n")) {
    const std::size_t indentation = line.find_first_not_of(' ');
    if (indentation == std::string::npos) continue;
    const std::string text = line.substr(indentation);
    if (indentation == 0) {
      finish();
      heading = text;
    } else if (indentation == 2) {
      forms.push_back(text);
    } else {
      (forms.empty() ? heading : forms.back()) += " " + text;
    }
  }
  finish();
}

}  // namespace

struct CallSteps::Forms {
  std::vector<Form> all;
};

CallSteps::CallSteps(std::string_view text) {
  auto forms = std::make_shared<Forms>();
  for (const std::string& step : table_parts(text, " => ")) {
    const Form& form = forms->all.emplace_back(parse_form(step, /*operands_alone=*/true));
    for (std::size_t k = 0; !form.results.empty() && k < form.operands.size(); ++k)
      if (!names_operand(form.call, k))
        throw std::logic_error("library call: an operand is not used in " + step);
  }
  forms_ = std::move(forms);
}

void CallSteps::write(Idiom& i, ValueId given, ValueId source) const {
  Known known{given, {{"source", source}}};
  for (std::size_t k = 0; k < forms_->all.size(); ++k)
    Call(i, forms_->all[k], known, k == 0 ? given : kNoValue).write();
}

ValueId CallSteps::write_wanted(Idiom& i, const Wanted& wanted) const {
  Known known{.shape = wanted.type.shape, .wanted = &wanted};
  for (const Form& form : forms_->all) Call(i, form, known, kNoValue).write();
  const auto made = known.values.find("{}");
  if (made == known.values.end() || i.type(made->second) != wanted.type) i.fail();
  return made->second;
}

Category category_named(const std::string& word) {
  static const std::map<std::string, Category> kCategories = {{"arithmetic", kArithmetic},
                                                              {"math", kMath},
                                                              {"array", kArray},
                                                              {"linear_algebra", kLinearAlgebra},
                                                              {"reduction", kReduction},
                                                              {"indexing", kIndexing},
                                                              {"gradient", kGradient},
                                                              {"vectorization", kVectorization},
                                                              {"conditional", kConditional},
                                                              {"loop", kLoop}};
  return kCategories.at(word);
}

std::vector<std::string> table_parts(std::string_view text, std::string_view separator) {
  std::vector<std::string> out;
  for (std::size_t at = 0; !text.empty() && at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end + separator.size();
  }
  return out;
}

std::vector<std::string> table_lines(std::string_view table) {
  std::vector<std::string> out;
  for (const std::string& line : table_parts(table, "\n")) {
    const std::size_t indentation = line.find_first_not_of(' ');
    if (indentation == std::string::npos) continue;
    if (indentation > 2 && !out.empty())
      out.back() += " " + line.substr(indentation);
    else
      out.push_back(line);
  }
  return out;
}

std::vector<std::string> table_words(std::string_view text) {
  std::vector<std::string> out = table_parts(text, " ");
  std::erase_if(out, [](const std::string& word) { return word.empty(); });
  for (std::string& word : out) std::ranges::replace(word, '~', ' ');
  return out;
}

std::vector<Op> call_table_ops() {
  std::vector<Op> out;
  for (auto* table : {numpy_elementwise_calls, numpy_reduction_calls, numpy_array_calls,
                      numpy_index_calls, linear_algebra_calls, fourier_calls, lax_elementwise_calls,
                      lax_array_calls, lax_convolution_calls, nn_calls, tree_calls, mapped_calls,
                      transformation_calls, usual_calls})
    add_entries(table(), out);
  return out;
}

}  // namespace jaxsmith::plan
