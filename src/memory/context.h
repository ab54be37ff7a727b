// The context of one process: labelled spans, in the order in which they came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "capability/label.h"

namespace daimon::memory {

// A window of a document that the model may quote. Numbers count on through one process, from 1.
struct Passage {
  int number = 0;
  std::string mount;
  std::string path;     // in the process's name space
  std::string version;  // SHA-256 of the text that was read from the file, hexadecimal
  std::optional<int> page;
  std::string text;  // the window's own bytes
};

// A file that the goal may be about. A table has its columns, which of them hold numbers and which dates, the years
// of these and the values in it that the goal names.
struct FileEntry {
  std::string path;
  std::vector<std::string> columns = {};
  std::vector<std::string> numbers = {};
  std::vector<std::string> dates = {};
  std::vector<std::pair<std::string, std::string>> named = {};  // column, value as it stands there
  std::vector<std::string> years = {};
};

// What the call `answer` gives where no passage holds it.
inline constexpr std::string_view kNotThere = "not there";

// What one call gave. `text` is as the model sees it, without the call's name.
struct Result {
  std::string call;
  std::string chosen;  // the call as the model answered it, {"call":...,"with":{...}}; empty where the kernel spoke
  std::string text;
  bool error = false;
  std::vector<Passage> passages;  // of a search
  capability::Label label;
};

class Context {
 public:
  void set_goal(std::string goal, const capability::Label& label);
  // The day on which the goal was given ("2026-03-31"), where it is known.
  void set_today(std::string today) { today_ = std::move(today); }
  // Text that came along with the goal, for a model that reads it whole.
  void set_material(std::string material, const capability::Label& label);
  void set_files(std::vector<FileEntry> files, const capability::Label& label);
  // Folders that the goal names, of which there may be no file among those above.
  void set_folders(std::vector<std::string> folders) { folders_ = std::move(folders); }
  // Numbers the passages of the result and returns it as kept.
  const Result& add(Result result);

  [[nodiscard]] const std::string& goal() const { return goal_; }
  [[nodiscard]] const std::string& today() const { return today_; }
  [[nodiscard]] const std::string& material() const { return material_; }
  [[nodiscard]] const std::vector<FileEntry>& files() const { return files_; }
  [[nodiscard]] const std::vector<std::string>& folders() const { return folders_; }
  [[nodiscard]] const std::vector<Result>& results() const { return results_; }
  [[nodiscard]] const Passage* passage(int number) const;
  // All of them, oldest first.
  [[nodiscard]] std::vector<const Passage*> passages() const;
  // The join over everything a model that reads this context has seen: what its output carries.
  [[nodiscard]] const capability::Label& label() const { return label_; }

 private:
  std::string goal_, today_, material_;
  std::vector<FileEntry> files_;
  std::vector<std::string> folders_;
  std::vector<Result> results_;
  capability::Label label_ = capability::system_label();
  int passages_ = 0;
};

}  // namespace daimon::memory
