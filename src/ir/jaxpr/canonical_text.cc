// The canonical text: a copy of the module with other names, printed.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "base/letters.h"
#include "ir/jaxpr/canonical.h"
#include "ir/jaxpr/printer.h"

namespace jaxsmith::jaxpr {
namespace {

using Kind = ParamValue::Kind;

// a, …, z, ba, bb, …, without the words that mean something else in a jaxpr's text.
std::string name_of(std::size_t number) {
  std::string out;
  do {
    out.insert(out.begin(), static_cast<char>('a' + number % 26));
    number /= 26;
  } while (number > 0);
  return out;
}

class Names {
 public:
  std::string next() {
    for (;;) {
      std::string name = name_of(count_++);
      if (name != "in" && name != "let" && name != "inf" && name != "nan") return name;
    }
  }

 private:
  std::size_t count_ = 0;
};

// Calls f for each word of a reference's transforms and for what stands between them.
template <class F, class G>
void for_each_word(std::string_view text, F word, G other) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    while (i < text.size() && in_name(text[i])) ++i;
    if (i > begin)
      word(text.substr(begin, i - begin));
    else
      other(text[i++]);
  }
}

// Names of Python functions, which are only names here, and objects that have no other text than
// their place in memory.
bool only_python_knows(const Param& p) {
  if (p.value.kind == Kind::kRaw && p.value.text.starts_with('<')) return true;
  for (std::string_view key : {"name", "jvp", "fwd", "bwd", "computation"})
    if (p.key == key) return p.value.nested.empty() && p.value.kind != Kind::kReference;
  return false;
}

// What a jaxpr's variables are called afterwards, in the order of their use.
class Renamer {
 public:
  explicit Renamer(const Jaxpr& jaxpr) { find_used(jaxpr); }

  void bind(Var& v) {
    const std::size_t id = ids_++;
    const bool by_itself = !used_[id];
    if (v.dropped()) {
      if (!keeps_dropped_ && !by_itself) v.name = dropped_name_ = names_.next();
      return;
    }
    std::string name = by_itself && !keeps_dropped_ && !in_arguments_ ? "_" : names_.next();
    renamed_[v.name] = name;
    v.name = std::move(name);
  }
  void arguments_end() { in_arguments_ = false; }

  void use(Atom& a) const {
    if (a.is_literal()) return;
    a.text = renamed(a.text);
    if (a.transforms.empty()) return;
    std::string out;
    for_each_word(
        a.transforms, [&](std::string_view word) { out += renamed(word); },
        [&](char c) { out += c; });
    a.transforms = std::move(out);
  }

 private:
  std::string renamed(std::string_view name) const {
    if (name == "_" && !dropped_name_.empty()) return dropped_name_;
    const auto found = renamed_.find(std::string(name));
    return found == renamed_.end() ? std::string(name) : found->second;
  }

  // Which of the variables are taken, by the order they are bound in; and whether one is that the
  // text calls _ like another before it, so that these names must stay.
  void find_used(const Jaxpr& jaxpr) {
    std::unordered_map<std::string_view, std::size_t> ids;
    std::size_t dropped = 0;
    const auto bind = [&](const Var& v) {
      if (v.dropped()) ++dropped;
      ids[v.name] = used_.size();
      used_.push_back(false);
    };
    const auto use = [&](std::string_view name) {
      if (name == "_" && dropped > 1) keeps_dropped_ = true;
      const auto found = ids.find(name);
      if (found != ids.end()) used_[found->second] = true;
    };
    const auto use_atom = [&](const Atom& a) {
      if (a.is_literal()) return;
      use(a.text);
      for_each_word(a.transforms, use, [](char) {});
    };
    for (const Var& v : jaxpr.constvars) bind(v);
    for (const Var& v : jaxpr.invars) bind(v);
    for (const Equation& e : jaxpr.equations) {
      for (const Atom& a : e.operands) use_atom(a);
      for (const Var& v : e.results) bind(v);
    }
    for (const Atom& a : jaxpr.results) use_atom(a);
  }

  std::vector<bool> used_;
  std::size_t ids_ = 0;
  bool keeps_dropped_ = false, in_arguments_ = true;
  Names names_;
  std::unordered_map<std::string, std::string> renamed_;
  std::string dropped_name_;
};

// A module with its shared jaxprs in the order that they are needed in.
class Rewriter {
 public:
  explicit Rewriter(const Module& m) : from_(m) {
    for (const auto& [name, jaxpr] : m.shared) shared_.emplace(name, &jaxpr);
  }

  // Jaxprs that need one another may do so through any number of others: they are kept in a list,
  // so that none takes room on the stack but for what stands in one within another.
  Module module() {
    open(from_.main);
    for (;;) {
      if (const Jaxpr* needed = next_needed()) {
        open(*needed);
        continue;
      }
      for (ParamValue* reference : open_.back().references) reference->text = own_name(*reference);
      Open done = std::move(open_.back());
      open_.pop_back();
      if (open_.empty()) return {std::move(done_), std::move(done.jaxpr)};
      std::string own = fmt::format("f{}", done_.size());
      done_.push_back({own, std::move(done.jaxpr)});
      names_.emplace(done.from, std::move(own));
    }
  }

 private:
  // One that is written but for the names of those that it needs.
  struct Open {
    const Jaxpr* from;
    Jaxpr jaxpr;
    std::vector<ParamValue*> references;  // in `jaxpr`
    std::size_t next = 0;
  };

  void open(const Jaxpr& from) {
    Open out{&from, from, {}};
    rewrite(out.jaxpr, out.references);
    open_.push_back(std::move(out));
  }

  // Of the last that is open: the next that nobody needed before; null where there is none.
  const Jaxpr* next_needed() {
    Open& last = open_.back();
    while (last.next < last.references.size()) {
      const auto found = shared_.find(last.references[last.next++]->text);
      if (found != shared_.end() && begun_.insert(found->second).second) return found->second;
    }
    return nullptr;
  }

  // What is not defined, or needs itself, has a name that no shared jaxpr has.
  std::string own_name(const ParamValue& reference) const {
    const auto found = shared_.find(reference.text);
    if (found == shared_.end())
      return is_own(reference.text) ? "_" + reference.text : reference.text;
    if (const auto known = names_.find(found->second); known != names_.end()) return known->second;
    const auto at = std::ranges::find(open_, found->second, &Open::from);
    return fmt::format("_{}", at - open_.begin());
  }

  static bool is_own(std::string_view name) {
    return name.size() > 1 && name[0] == 'f' &&
           std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

  void rewrite(Jaxpr& out, std::vector<ParamValue*>& references) {
    Renamer names(out);
    for (Var& v : out.constvars) names.bind(v);
    for (Var& v : out.invars) names.bind(v);
    names.arguments_end();
    for (Equation& e : out.equations) {
      for (Atom& a : e.operands) names.use(a);
      std::erase_if(e.params, only_python_knows);
      std::stable_sort(e.params.begin(), e.params.end(),
                       [](const Param& a, const Param& b) { return a.key < b.key; });
      for (Param& p : e.params) value(p.value, references);
      for (Var& v : e.results) names.bind(v);
    }
    for (Atom& a : out.results) names.use(a);
  }

  void value(ParamValue& v, std::vector<ParamValue*>& references) {
    if (v.kind == Kind::kCall && v.text.starts_with("np.")) {
      // NumPy's numbers are numbers.
      ParamValue number = v.items.size() == 1 ? v.items[0] : ParamValue();
      if (number.kind == Kind::kInt || number.kind == Kind::kFloat) v = std::move(number);
    }
    if (v.kind == Kind::kJaxpr) {
      rewrite(v.nested.front().main, references);
    } else if (v.kind == Kind::kModule) {
      v.nested.front() = Rewriter(v.nested.front()).module();
    } else if (v.kind == Kind::kReference) {
      references.push_back(&v);
    }
    for (ParamValue& item : v.items) value(item, references);
  }

  const Module& from_;
  std::unordered_map<std::string_view, const Jaxpr*> shared_;
  std::unordered_map<const Jaxpr*, std::string> names_;
  std::unordered_set<const Jaxpr*> begun_;
  std::vector<Open> open_;  // each is needed by the one before it
  std::vector<SharedJaxpr> done_;
};

}  // namespace

std::string canonical(const Module& module) { return print(Rewriter(module).module()); }

std::string structural_hash(const Module& module) { return hash128_hex(canonical(module)); }

}  // namespace jaxsmith::jaxpr
