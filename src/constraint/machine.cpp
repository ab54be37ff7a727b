#include "constraint/machine.h"

#include <algorithm>

namespace daimon::constraint {
namespace {

constexpr std::size_t kStacksMax = 500'000;
constexpr std::size_t kWalkerBytesMax = 16 << 20;  // before a walk
constexpr std::size_t kWalkBytesMax = 96 << 20;    // in a walk
constexpr std::size_t kFew = 8;                    // successors of a node, before it has a table of a kilobyte
constexpr std::size_t kMaskBytesMax = 32 << 20;

std::size_t mix(std::size_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 31);
}

std::size_t mix(std::size_t hash, const std::vector<Thread>& threads) {
  for (const Thread& thread : threads) hash = mix(hash, std::uint64_t{thread.state} << 32 | thread.stack);
  return mix(hash, threads.size());
}

}  // namespace

std::size_t Machine::Walker::Hash::operator()(const ThreadSet& set) const noexcept {
  return mix(set.complete ? 1 : 0, set.threads);
}

std::size_t Machine::KeyHash::operator()(const Key& key) const noexcept {
  return mix(mix(mix(key.complete ? 1 : 0, key.text_left), key.text), key.other);
}

void Machine::Walker::make_room() {
  if (bytes_ >= kWalkerBytesMax) clear();
}

void Machine::Walker::clear() {
  nodes_.clear();
  nodes_.shrink_to_fit();
  numbers_.clear();
  bytes_ = 0;
}

Machine::Walker::Id Machine::Walker::number(ThreadSet set) {
  if (const auto found = numbers_.find(set); found != numbers_.end()) return found->second;
  const auto id = static_cast<Id>(nodes_.size());
  constexpr std::size_t kEntryBytes = 64;  // of a hash table, beside what it holds
  bytes_ += sizeof(Node) + sizeof(ThreadSet) + kEntryBytes + set.threads.size() * sizeof(Thread);
  nodes_.emplace_back().set = &numbers_.emplace(std::move(set), id).first->first;
  return id;
}

Machine::Walker::Id Machine::Walker::find_next(Id from, std::uint8_t byte) {
  Node& node = nodes_[static_cast<std::size_t>(from)];
  if (!node.has_edges) {
    node.has_edges = true;
    for (const Thread& thread : node.set->threads)
      for (const ByteEdge& edge : simulation_.state(thread.state).bytes)
        if (simulation_.is_productive(edge.to))
          (edge.low == edge.high ? node.single : node.wide).push_back({edge.low, edge.high, {edge.to, thread.stack}});
    std::ranges::stable_sort(node.single, {}, &Edge::low);
    bytes_ += (node.single.capacity() + node.wide.capacity()) * sizeof(Edge);
  }
  ThreadSet next;
  for (const Edge& edge : std::ranges::equal_range(node.single, byte, {}, &Edge::low))
    simulation_.arrive(edge.to, far_, next);
  for (const Edge& edge : node.wide)
    if (edge.low <= byte && byte <= edge.high) simulation_.arrive(edge.to, far_, next);
  Simulation::sort_unique(next);
  const Id id = next.is_dead() ? kDead : number(std::move(next));
  Node& known = nodes_[static_cast<std::size_t>(from)];  // `node` has moved when there is a new one
  if (known.table == nullptr && known.few.size() == kFew) {
    known.table = std::make_unique<std::array<Id, 256>>();
    known.table->fill(kUnknown);
    bytes_ += sizeof *known.table;
    for (const auto& [of, to] : known.few) (*known.table)[of] = to;
    known.few.clear();
  }
  if (known.table != nullptr)
    (*known.table)[byte] = id;
  else
    known.few.emplace_back(byte, id);
  return id;
}

Machine::Machine(const Grammar& grammar, std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)),
      simulation_(grammar.automaton(), grammar.productive()),
      start_(simulation_.start()),
      whole_(simulation_, static_cast<std::uint32_t>(vocabulary_->all().longest)),
      marked_(simulation_, static_cast<std::uint32_t>(vocabulary_->marked().longest)) {}

bool Machine::is_full() const {
  const std::scoped_lock lock(mutex_);
  return simulation_.stacks() > kStacksMax;
}

ThreadSet Machine::start() const { return start_; }

Machine::Accepted Machine::accept(ThreadSet& set, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  ThreadSet at = set;
  simulation_.begin(bytes.size());
  for (const char c : bytes) {
    at = simulation_.after(at.threads, static_cast<std::uint8_t>(c));
    if (simulation_.is_cut()) return Accepted::kTooManyWays;
    if (at.is_dead()) return Accepted::kNo;
  }
  set = std::move(at);
  return Accepted::kYes;
}

std::shared_ptr<const TokenMask> Machine::mask(const ThreadSet& set) {
  const std::scoped_lock lock(mutex_);
  simulation_.begin();
  Key key;
  key.complete = set.complete;
  for (const Thread& thread : set.threads) {
    if (simulation_.state(thread.state).text == State::Text::kNo) {
      key.other.push_back(simulation_.forgetful(thread, whole_.far()));
    } else {
      const auto most = static_cast<std::uint32_t>(vocabulary_->text_longest());
      key.text_left = std::max(key.text_left, std::min(simulation_.text_left(thread), most));
      key.text.push_back(simulation_.forgetful(thread, marked_.far()));
    }
  }
  for (auto* threads : {&key.text, &key.other}) {
    std::ranges::sort(*threads);
    const auto same = std::ranges::unique(*threads);
    threads->erase(same.begin(), same.end());
  }
  if (const auto found = masks_.find(key); found != masks_.end()) return found->second;
  if (key.text.empty()) {
    auto mask = walked(key);
    if (mask == nullptr) return nullptr;
    remember(std::move(key), mask);
    return mask;
  }
  // The same walk serves whatever is left of the text.
  Key without = key;
  without.text_left = UINT32_MAX;
  const auto found = masks_.find(without);
  const auto base = found != masks_.end() ? found->second : walked(without);
  if (base == nullptr) return nullptr;
  if (found == masks_.end()) remember(std::move(without), base);
  auto mask = std::make_shared<TokenMask>(*base);
  const TokenMask& text = vocabulary_->text_up_to(key.text_left);
  for (std::size_t i = 0; i < mask->size(); ++i) (*mask)[i] |= text[i];
  remember(std::move(key), mask);
  return mask;
}

std::shared_ptr<const TokenMask> Machine::walked(const Key& key) {
  auto mask = std::make_shared<TokenMask>((vocabulary_->size() + 31) / 32);
  if (key.complete)
    for (const Token token : vocabulary_->end_tokens()) allow(*mask, token);
  if (!key.text.empty() && !walk(marked_, key.text, vocabulary_->marked(), *mask)) return nullptr;
  if (!key.other.empty() && !walk(whole_, key.other, vocabulary_->all(), *mask)) return nullptr;
  return mask;
}

bool Machine::walk(Walker& walker, const std::vector<Thread>& threads, const Vocabulary::Trie& trie, TokenMask& mask) {
  walker.make_room();
  // The sets after each byte of the current path; a refused byte skips its whole subtree.
  std::array<Walker::Id, 257> path{};
  path[0] = walker.number({threads, false});
  const auto& nodes = trie.nodes;
  for (std::uint32_t i = 0; i < nodes.size();) {
    const Vocabulary::Node& node = nodes[i];
    const Walker::Id next = walker.next(path[node.depth - 1U], node.byte);
    if (simulation_.is_cut() || walker.bytes() > kWalkBytesMax) {
      walker.clear();  // the last set is not whole
      return false;
    }
    if (next == Walker::kDead) {
      i = node.end;
      continue;
    }
    for (std::uint32_t t = node.tokens_begin; t < node.tokens_end; ++t) allow(mask, trie.tokens[t]);
    path[node.depth] = next;
    i = walker.ends(next) ? node.end : i + 1;
  }
  return true;
}

void Machine::remember(Key key, const std::shared_ptr<const TokenMask>& mask) {
  if (mask_bytes_ >= kMaskBytesMax) masks_.clear(), mask_bytes_ = 0;
  mask_bytes_ += mask->size() * sizeof(std::uint32_t) + (key.text.size() + key.other.size()) * sizeof(Thread);
  masks_.insert_or_assign(std::move(key), mask);
}

std::string Machine::forced(const ThreadSet& set) {
  constexpr std::size_t kForcedMax = 65536;
  const std::scoped_lock lock(mutex_);
  simulation_.begin(kForcedMax);
  std::string bytes;
  ThreadSet at = set;
  while (!at.complete && !at.threads.empty() && bytes.size() <= kForcedMax) {
    int only = -1;
    for (const Thread& thread : at.threads)
      for (const ByteEdge& edge : simulation_.state(thread.state).bytes) {
        if (!simulation_.is_productive(edge.to)) continue;
        if (edge.low != edge.high || (only >= 0 && only != edge.low)) return bytes;
        only = edge.low;
      }
    if (only < 0) return bytes;
    ThreadSet next = simulation_.after(at.threads, static_cast<std::uint8_t>(only));
    if (simulation_.is_cut() || next.is_dead()) return bytes;
    bytes += static_cast<char>(only);
    at = std::move(next);
  }
  return bytes;
}

}  // namespace daimon::constraint
