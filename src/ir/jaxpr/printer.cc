// The layout follows jax/_src/core.py (pp_jaxpr and what it calls) and the pretty printer in
// jaxlib: a group is printed flat where all of it fits within the width, be what follows it as long
// as it may; text counts in bytes, its line ends among them. The document is a flat list of pieces,
// each group's width known when it is closed, so that laying out takes one pass.
#include "ir/jaxpr/printer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <deque>
#include <limits>
#include <string_view>
#include <vector>

namespace jaxsmith::jaxpr {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 2;

struct Piece {
  enum class Kind : std::uint8_t { kText, kBreak, kOpen, kClose, kNest, kUnnest };
  Kind kind;
  std::string_view text;  // of a break, what stands for it on a line
  std::size_t width = 0;  // of a group that opens, printed flat
};

class Document {
 public:
  void text(std::string_view s) {
    if (s.empty()) return;
    pieces_.push_back({Piece::Kind::kText, s});
    width_ += s.size();
  }
  void brk(std::string_view flat) {
    pieces_.push_back({Piece::Kind::kBreak, flat});
    width_ += flat.size();
  }
  void open() {
    opened_.push_back(pieces_.size());
    pieces_.push_back({Piece::Kind::kOpen, {}, width_});
  }
  void close() {
    Piece& piece = pieces_[opened_.back()];
    piece.width = width_ - piece.width;
    opened_.pop_back();
    pieces_.push_back({Piece::Kind::kClose, {}});
  }
  // The groups that are open do not fit on a line, however wide it is.
  void break_groups() { width_ += kWidth + 1; }
  void nest() { pieces_.push_back({Piece::Kind::kNest, {}}); }
  void unnest() { pieces_.push_back({Piece::Kind::kUnnest, {}}); }

  std::string layout() const;

 private:
  std::vector<Piece> pieces_;
  std::vector<std::size_t> opened_;
  std::size_t width_ = 0;
};

std::string Document::layout() const {
  std::string out;
  out.reserve(width_ + width_ / 4);
  std::size_t column = 0, indent = 0, flat = 0;  // flat: groups open since one was found to fit
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Piece::Kind::kText:
        out += piece.text;
        column += piece.text.size();
        break;
      case Piece::Kind::kBreak:
        if (flat > 0) {
          out += piece.text;
          column += piece.text.size();
          break;
        }
        out += '\n';
        out.append(indent, ' ');
        column = indent;
        break;
      case Piece::Kind::kOpen:
        if (flat > 0 || column + piece.width <= kWidth) ++flat;
        break;
      case Piece::Kind::kClose:
        if (flat > 0) --flat;
        break;
      case Piece::Kind::kNest:
        indent += kIndent;
        break;
      case Piece::Kind::kUnnest:
        indent -= kIndent;
        break;
    }
  }
  return out;
}

// Texts made while printing, which pieces refer to.
class Arena {
 public:
  // Room for `size` bytes, in one piece.
  void reserve(std::size_t size) {
    if (!blocks_.empty() && blocks_.back().capacity() - blocks_.back().size() >= size) return;
    blocks_.emplace_back().reserve(std::max(size, kBlock));
  }
  std::string& block() { return blocks_.back(); }

 private:
  static constexpr std::size_t kBlock = 1 << 14;
  std::deque<std::string> blocks_;
};

class Printer {
 public:
  std::string module(const Module& module);

 private:
  using Kind = ParamValue::Kind;

  void jaxpr(const Jaxpr& jaxpr);
  void binders(const std::vector<Var>& vars);
  void atoms(const std::vector<Atom>& atoms, std::string_view separator);
  void separate(std::string_view separator);
  void equation(const Equation& eqn);
  void plain(const Equation& eqn);
  void params(const std::vector<Param>& params);
  void value(const ParamValue& value);
  void jaxprs(const std::vector<ParamValue>& items);

  // Python's str(), without breaks.
  void literal(const ParamValue& value);
  void sequence(std::string_view open, const std::vector<ParamValue>& items,
                std::string_view close);

  void typed(std::string_view name, const Aval& aval);
  void atom(const Atom& atom);
  void var(const Var& v) { typed(v.name, v.aval); }

  Document doc_;
  Arena arena_;
};

std::string Printer::module(const Module& module) {
  for (const auto& [name, shared] : module.shared) {
    doc_.text("let ");
    doc_.text(name);
    doc_.text(" = ");
    jaxpr(shared);
    doc_.text(" in");
    doc_.brk(" ");
  }
  jaxpr(module.main);
  return doc_.layout();
}

void Printer::jaxpr(const Jaxpr& jaxpr) {
  doc_.open();
  doc_.nest();
  doc_.text("{ lambda ");
  binders(jaxpr.constvars);
  doc_.text("; ");
  binders(jaxpr.invars);
  doc_.text(". let");
  doc_.nest();
  doc_.brk(" ");
  for (std::size_t i = 0; i < jaxpr.equations.size(); ++i) {
    if (i > 0) doc_.brk("; ");
    equation(jaxpr.equations[i]);
  }
  doc_.unnest();
  doc_.brk(" ");
  doc_.text("in (");
  atoms(jaxpr.results, ",");
  doc_.text(jaxpr.results.size() == 1 ? ",)" : ")");
  doc_.unnest();
  doc_.text(" }");
  doc_.close();
}

// A break in a group of its own: a line ends only where it is full.
void Printer::separate(std::string_view separator) {
  doc_.text(separator);
  doc_.open();
  doc_.brk(" ");
  doc_.close();
}

void Printer::binders(const std::vector<Var>& vars) {
  if (vars.size() == 1) return var(vars.front());
  doc_.nest();
  doc_.open();
  for (std::size_t i = 0; i < vars.size(); ++i) {
    if (i > 0) separate("");
    var(vars[i]);
  }
  doc_.close();
  doc_.unnest();
}

void Printer::atoms(const std::vector<Atom>& atoms, std::string_view separator) {
  if (atoms.size() == 1) return atom(atoms.front());
  doc_.nest();
  doc_.open();
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (i > 0) separate(separator);
    atom(atoms[i]);
  }
  doc_.close();
  doc_.unnest();
}

void Printer::equation(const Equation& eqn) {
  if (eqn.form == Equation::Form::kPlain) return plain(eqn);
  if (!eqn.results.empty()) {
    binders(eqn.results);
    doc_.text(eqn.form == Equation::Form::kSwap ? ", " : " <- ");
  }
  atom(eqn.operands.front());
  if (eqn.form == Equation::Form::kGet) {
    for (const Param& p : eqn.params) {
      doc_.text(" ");
      doc_.text(p.key);
      doc_.text("=");
      literal(p.value);
    }
    return;
  }
  if (eqn.form == Equation::Form::kSwap) {
    doc_.text(" <- ");
    atom(eqn.operands.front());
    doc_.text(", ");
  } else {
    doc_.text(eqn.form == Equation::Form::kSet ? " <- " : " += ");
  }
  atom(eqn.operands.back());
}

void Printer::plain(const Equation& eqn) {
  if (!eqn.results.empty()) {
    binders(eqn.results);
    doc_.text(" = ");
  }
  doc_.text(eqn.primitive);
  params(eqn.params);
  doc_.text(" ");
  atoms(eqn.operands, "");
}

// Whether free text is read to its end, and no further, on a line with other parameters: by its
// brackets, and because nothing in it looks like a parameter.
static bool stands_on_one_line(std::string_view text) {
  std::string open;
  if (text.starts_with(' ') || text.ends_with(' ')) return false;
  for (std::size_t at = text.find(" "); at != std::string_view::npos; at = text.find(" ", at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) ||
                                 text[end] == '_' || (text[end] & 0x80)))
      ++end;
    if (end < text.size() && text[end] == '=') return false;
  }
  for (const char c : text) {
    if (c == '(' || c == '[' || c == '{') open += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c != ')' && c != ']' && c != '}') continue;
    if (open.empty() || open.back() != c) return false;
    open.pop_back();
  }
  return open.empty() && text.find('\n') == std::string_view::npos;
}

void Printer::params(const std::vector<Param>& params) {
  if (params.empty()) return;
  doc_.open();
  doc_.nest();
  doc_.text("[");
  doc_.brk("");
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (i > 0) doc_.brk(" ");
    doc_.text(params[i].key);
    doc_.text("=");
    value(params[i].value);
    if (params[i].value.kind == Kind::kRaw && !stands_on_one_line(params[i].value.text))
      doc_.break_groups();  // it is read by its line
  }
  doc_.unnest();
  doc_.brk("");
  doc_.text("]");
  doc_.close();
}

void Printer::value(const ParamValue& value) {
  if (value.kind == Kind::kJaxpr) return jaxpr(value.nested.front().main);
  // For JAX, an empty tuple is a tuple of jaxprs.
  const bool empty = value.kind == Kind::kTuple && value.items.empty();
  if (empty || value.kind == Kind::kJaxprTuple) return jaxprs(value.items);
  literal(value);
}

void Printer::jaxprs(const std::vector<ParamValue>& items) {
  doc_.open();
  doc_.nest();
  doc_.text("(");
  doc_.brk("");
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) doc_.brk(" ");
    value(items[i]);
  }
  doc_.unnest();
  doc_.brk("");
  doc_.text(")");
  doc_.close();
}

void Printer::sequence(std::string_view open, const std::vector<ParamValue>& items,
                       std::string_view close) {
  doc_.text(open);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) doc_.text(", ");
    literal(items[i]);
  }
  doc_.text(close);
}

void Printer::literal(const ParamValue& value) {
  switch (value.kind) {
    case Kind::kTuple:
      return sequence("(", value.items, value.ends_with_comma() ? ",)" : ")");
    case Kind::kList:
      return sequence("[", value.items, "]");
    case Kind::kSet:
    case Kind::kDict:
      return sequence("{", value.items, "}");
    case Kind::kCall:
      doc_.text(value.text);
      return sequence("(", value.items, value.ends_with_comma() ? ",)" : ")");
    case Kind::kKeyword:
      doc_.text(value.text);
      doc_.text("=");
      return literal(value.items.front());
    case Kind::kPair:
      literal(value.items.front());
      doc_.text(": ");
      return literal(value.items.back());
    case Kind::kJaxprTuple:
      return jaxprs(value.items);
    case Kind::kJaxpr:
    case Kind::kModule: {
      // Laid out from the first column, wherever it stands.
      const std::string text = Printer().module(value.nested.front());
      arena_.reserve(text.size());
      std::string& block = arena_.block();
      const std::size_t begin = block.size();
      block += text;
      return doc_.text(std::string_view(block).substr(begin));
    }
    default:
      return doc_.text(value.text);
  }
}

void Printer::typed(std::string_view name, const Aval& aval) {
  constexpr std::size_t kDigits = std::numeric_limits<std::int64_t>::digits10 + 3;
  arena_.reserve(name.size() + aval.text.size() + aval.dtype.size() + 3 +
                 kDigits * aval.shape.size());
  std::string& block = arena_.block();
  const std::size_t begin = block.size();
  block += name;
  block += ':';
  if (!aval.text.empty()) {
    block += aval.text;
  } else {
    block += aval.dtype;
    char separator = '[';
    for (std::int64_t size : aval.shape) {
      block += separator;
      char digits[kDigits];
      block.append(digits, std::to_chars(digits, digits + kDigits, size).ptr);
      separator = ',';
    }
    if (aval.shape.empty()) block += '[';
    block += ']';
  }
  doc_.text(std::string_view(block).substr(begin));
}

void Printer::atom(const Atom& atom) {
  if (atom.aval) {
    typed(atom.text, *atom.aval);
  } else {
    doc_.text(atom.text);
  }
  doc_.text(atom.transforms);
}

}  // namespace

std::string print(const Module& module) { return Printer().module(module); }

}  // namespace jaxsmith::jaxpr
