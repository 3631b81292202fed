#include "ir/stablehlo/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "ir/stablehlo/printer.h"

namespace jaxsmith::stablehlo {
namespace {

bool is_word(const Attr& a, std::string_view word) {
  return a.kind == Attr::Kind::kDialect && a.body.ends_with(word) &&
         (a.body.size() == word.size() || a.body[a.body.size() - word.size() - 1] == ' ');
}

bool is_false(const Attr& a) { return a.kind == Attr::Kind::kBool && a.text == "false"; }

// Of a module, function, argument or result: names and hints that leave the values as they are.
bool says_nothing(const NamedAttr& a) {
  const std::string_view name = a.name;
  for (const std::string_view dialect : {"jax.", "tf.", "llvm.", "mhlo.layout_mode"})
    if (name.starts_with(dialect)) return true;
  return (name == "mhlo.num_partitions" || name == "mhlo.num_replicas") && a.value.text == "1";
}

// What an operation does anyway (StablehloOps.td: the attributes' defaults).
bool is_default(const Op& op, const NamedAttr& a) {
  if (!op.name.starts_with("stablehlo.")) return false;
  if (a.name == "indices_are_sorted" || a.name == "unique_indices" || a.name == "is_stable" ||
      a.name == "has_side_effect")
    return is_false(a.value);
  if (a.name == "precision_config")
    return std::all_of(a.value.items.begin(), a.value.items.end(),
                       [](const Attr& each) { return is_word(each, "DEFAULT"); });
  // Which order is meant follows from the type, but for the total order of floats.
  if (a.name == "compare_type") return !is_word(a.value, "TOTALORDER");
  return a.name == "api_version" && a.value.text == "1";
}

// A list whose elements are all the same is written as one of them.
void settle_dense(Attr& a) {
  const Array& array = *a.dense;
  const std::int64_t count = a.type ? tensor::element_count(a.type->shape) : array.size();
  if (count == 0) {
    a.dense = std::make_shared<Array>(array.zeros(array.dtype(), a.type->shape));
    a.splat = false;
    return;
  }
  if (a.splat) return;
  const bool same = tensor::with_lane(array.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto all = array.data<T>();
    return std::all_of(all.begin(), all.end(), [&](const T& v) {
      return std::memcmp(&v, all.data(), sizeof(T)) == 0;  // -0 is not 0, a NaN is itself
    });
  });
  if (!same) return;
  Array one = array.zeros(array.dtype(), {});
  tensor::with_lane(array.dtype(), [&](auto zero) {
    using T = decltype(zero);
    one.mutate<T>()[0] = array.data<T>()[0];
  });
  a.dense = std::make_shared<Array>(std::move(one));
  a.splat = true;
}

// A module with other names. Its types are those of the module that it was made from, which must
// live as long.
class Renaming {
 public:
  explicit Renaming(const Module& from) : from_(from) {
    out_.values = from.values;
    for (const Function& f : from.functions) functions_.emplace(f.name, &f);
  }

  Module take() {
    if (const Function* entry = from_.entry()) need(*entry, "main");
    for (std::size_t i = 0; i < needed_.size(); ++i) add(*needed_[i]);
    auto functions = std::exchange(out_.order, {});
    for (const Op& op : from_.ops) {
      out_.order.emplace_back(false, out_.ops.size());
      out_.ops.push_back(op);
      rename(out_.ops.back());
    }
    out_.order.insert(out_.order.end(), functions.begin(), functions.end());
    out_.attrs = kept(from_.attrs);
    return std::move(out_);
  }

 private:
  // The name that a function has from now on.
  const std::string& need(const Function& f, std::string name) {
    const auto [at, added] = names_.try_emplace(&f, std::move(name));
    if (added) needed_.push_back(&f);
    return at->second;
  }

  void add(const Function& f) {
    Function g = f;
    g.name = names_.at(&f);
    g.visibility = g.name == "main" ? "public" : "private";
    g.attrs = kept(f.attrs);
    int values = 0, arguments = 0;
    for (Argument& a : g.arguments) {
      a.attrs = kept(a.attrs);
      out_.values[a.value].name = fmt::format("arg{}", arguments++);
      out_.values[a.value].index = -1;
    }
    for (auto& [type, attrs] : g.results) attrs = kept(attrs);
    number(g.body.ops, values, arguments);
    out_.order.emplace_back(true, out_.functions.size());
    out_.functions.push_back(std::move(g));
  }

  // Numbers go on within regions, and behind one they are what they were before it.
  void number(std::vector<Op>& ops, int values, int arguments) {
    for (Op& op : ops) {
      for (std::size_t i = 0; i < op.results.size(); ++i) {
        Value& v = out_.values[op.results[i]];
        v.name = fmt::format("{}", values);
        v.index = op.results.size() > 1 ? static_cast<int>(i) : -1;
      }
      if (!op.results.empty()) ++values;
      for (Block& b : op.regions) {
        int inner = arguments;
        for (const ValueId id : b.arguments) {
          out_.values[id].name = fmt::format("arg{}", inner++);
          out_.values[id].index = -1;
        }
        number(b.ops, values, inner);
      }
      rename(op);
    }
  }

  void rename(Op& op) {
    std::erase_if(op.attrs, [&](const NamedAttr& a) { return is_default(op, a); });
    op.attrs = kept(op.attrs);
    // The generic form says which attributes are the operation's own; those of a dialect are not.
    if (op.name.starts_with("stablehlo."))
      for (NamedAttr& a : op.attrs) a.property = a.name.find('.') == std::string::npos;
  }

  std::vector<NamedAttr> kept(std::vector<NamedAttr> attrs) {
    std::erase_if(attrs, says_nothing);
    for (NamedAttr& a : attrs)
      if (a.name != "call_target_name") settle(a.value);  // it names no function of the module
    std::stable_sort(attrs.begin(), attrs.end(),
                     [](const NamedAttr& a, const NamedAttr& b) { return a.name < b.name; });
    return attrs;
  }

  void settle(Attr& a) {
    switch (a.kind) {
      case Attr::Kind::kSymbol:
        if (a.text.size() > 1)
          if (const auto f = functions_.find(std::string_view(a.text).substr(1));
              f != functions_.end())
            a.text = "@" + need(*f->second, fmt::format("f{}", needed_.size() - 1));
        break;
      case Attr::Kind::kDict:
        sort_keys(a);
        [[fallthrough]];
      case Attr::Kind::kArray:
        for (Attr& item : a.items) settle(item);
        break;
      case Attr::Kind::kDense:
        if (a.dense) settle_dense(a);
        break;
      case Attr::Kind::kDialect:
        a.body = on_one_line(a.body);
        break;
      default:
        break;
    }
  }

  static void sort_keys(Attr& a) {
    std::vector<std::size_t> order(a.keys.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](std::size_t i, std::size_t k) { return a.keys[i] < a.keys[k]; });
    std::vector<std::string> keys;
    std::vector<Attr> items;
    for (const std::size_t i : order) {
      keys.push_back(std::move(a.keys[i]));
      items.push_back(std::move(a.items[i]));
    }
    a.keys = std::move(keys);
    a.items = std::move(items);
  }

  static std::string on_one_line(std::string_view body) {
    std::string out;
    for (const char c : body) {
      const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (!blank)
        out += c;
      else if (!out.empty() && out.back() != ' ')
        out += ' ';
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  }

  const Module& from_;
  std::unordered_map<std::string_view, const Function*> functions_;
  Module out_;
  std::unordered_map<const Function*, std::string> names_;
  std::vector<const Function*> needed_;
};

}  // namespace

std::string canonical(const Module& module) { return print(Renaming(module).take()); }

std::string structural_hash(const Module& module) { return hash128_hex(canonical(module)); }

}  // namespace jaxsmith::stablehlo
