// The kept corpus: files of bytes that a decoder should meet.
//
//     corpus/wire    headers of messages, by hand, each named by what it is
//     corpus/body    values of bodies, the same
//     corpus/found   what `make fuzz` has found: as few and as small files as reach all that it has reached
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::rpc {

struct CorpusFile {
  std::string name;
  std::string bytes;
};

/// The files of a folder of the corpus, by name.
inline std::vector<CorpusFile> corpus(std::string_view folder) {
  namespace fs = std::filesystem;
  const fs::path here = fs::path(RPC_CORPUS) / folder;  // CMakeLists.txt says where that is
  std::vector<CorpusFile> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(here)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(), {std::istreambuf_iterator(file), {}}});
  }
  std::ranges::sort(files, {}, &CorpusFile::name);
  return files;
}

}  // namespace conclave::rpc
