/// @file  A folder for the files of one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>

namespace conclave::rpc {

/// A new folder, which goes with its files.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "conclave-rpc-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  /// The path of the file `name`.
  [[nodiscard]] std::string path(const std::string& name) const { return path_ / name; }

  /// Writes the file `name`, anew if it is there; its path.
  [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                  mode_t mode = 0600) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), mode);
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

/// What a file holds.
inline std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The permissions of a file.
inline mode_t mode_of(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 ? about.st_mode & 07777U : 0;
}

}  // namespace conclave::rpc
