#include "source/document.h"

#include <limits>

namespace jaxsmith::source {
namespace {

using Kind = Document::Kind;

void append_flat(const Document& d, std::string& out) {
  if (d.kind == Kind::kText) out += d.text;
  if (d.kind == Kind::kSpaceOrLine) out += ' ';
  for (const Document& part : d.parts) append_flat(part, out);
}

class Printer {
 public:
  // A width below 0: every group is broken.
  Printer(int indentation, int width) : width_(width) {
    out_.assign(static_cast<std::size_t>(indentation), ' ');
    column_ = indentation;
  }

  std::string print(std::string_view prefix, const Document& document, int indentation) {
    put(prefix);
    ahead_.push_back({&document, indentation, true});
    while (!ahead_.empty()) {
      const Piece piece = ahead_.back();
      ahead_.pop_back();
      step(piece);
    }
    return std::move(out_);
  }

 private:
  struct Piece {
    const Document* document;
    int indentation;
    bool broken;  // the innermost group
  };

  void put(std::string_view text) {
    out_ += text;
    column_ += static_cast<int>(text.size());
  }

  void step(const Piece& piece) {
    const Document& d = *piece.document;
    switch (d.kind) {
      case Kind::kText:
        return put(d.text);
      case Kind::kIfBroken:
        if (piece.broken) put(d.text);
        return;
      case Kind::kSoftLine:
      case Kind::kSpaceOrLine:
        if (piece.broken) {
          out_ += '\n';
          out_.append(static_cast<std::size_t>(piece.indentation), ' ');
          column_ = piece.indentation;
        } else if (d.kind == Kind::kSpaceOrLine) {
          put(" ");
        }
        return;
      case Kind::kGroup:
        return push(d, piece.indentation, piece.broken && !fits(d));
      case Kind::kIndent:
        return push(d, piece.indentation + kIndent, piece.broken);
      case Kind::kSequence:
        return push(d, piece.indentation, piece.broken);
    }
  }

  void push(const Document& d, int indentation, bool broken) {
    for (auto part = d.parts.rbegin(); part != d.parts.rend(); ++part)
      ahead_.push_back({&*part, indentation, broken});
  }

  bool fits(const Document& group) const {
    if (width_ < 0) return false;
    int room = width_ - column_ - static_cast<int>(flat(group).size());
    // What follows it may end a line at its first place, also within a group.
    for (auto next = ahead_.rbegin(); next != ahead_.rend() && room >= 0; ++next) {
      if (up_to_line(*next->document, next->broken, room)) return room >= 0;
    }
    return room >= 0;
  }

  // Takes what stands before the first place where a line may end from `room`; whether there is
  // one.
  static bool up_to_line(const Document& d, bool broken, int& room) {
    if (broken && (d.kind == Kind::kSoftLine || d.kind == Kind::kSpaceOrLine)) return true;
    if (d.kind == Kind::kText || (broken && d.kind == Kind::kIfBroken))
      room -= static_cast<int>(d.text.size());
    if (d.kind == Kind::kSpaceOrLine) --room;
    for (const Document& part : d.parts) {
      if (up_to_line(part, broken, room)) return true;
    }
    return false;
  }

  int width_;
  std::string out_;
  int column_;
  std::vector<Piece> ahead_;  // the next is the last
};

}  // namespace

Document text(std::string text) { return {Kind::kText, std::move(text), {}}; }
Document soft_line() { return {Kind::kSoftLine}; }
Document space_or_line() { return {Kind::kSpaceOrLine}; }
Document if_broken(std::string text) { return {Kind::kIfBroken, std::move(text), {}}; }
Document sequence(std::vector<Document> parts) { return {Kind::kSequence, {}, std::move(parts)}; }
Document indent(std::vector<Document> parts) { return {Kind::kIndent, {}, std::move(parts)}; }
Document group(std::vector<Document> parts) { return {Kind::kGroup, {}, std::move(parts)}; }

std::string flat(const Document& document) {
  std::string out;
  append_flat(document, out);
  return out;
}

std::string layout(std::string_view prefix, const Document& document, int indentation, int width) {
  return Printer(indentation, width).print(prefix, document, indentation);
}

std::string broken(std::string_view prefix, const Document& document, int indentation) {
  return Printer(indentation, -1).print(prefix, document, indentation);
}

}  // namespace jaxsmith::source
