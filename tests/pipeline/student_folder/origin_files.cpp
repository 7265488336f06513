#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/pipeline/student_folder/origin_files.hpp>

#include "../../files.hpp"
#include "tiny_gguf.hpp"

using namespace preflearn;

TEST_CASE("licences, notices and terms of use go along, other files do not") {
    for (const char* const name :
         {"LICENSE", "LICENCE.md", "license.txt", "LICENSE-APACHE", "NOTICE", "Notice.txt", "COPYING", "USE_POLICY.md",
          "GEMMA_TERMS_OF_USE.md", "Llama-3.2-License.pdf", "TERMS.md", "AUTHORS"})
        CHECK_MESSAGE(is_licence_file(name), name);
    for (const char* const name : {"README.md", "config.json", "model.safetensors", "license_classifier.safetensors",
                                   "terms.json", "notice.py", "tokenizer.model"})
        CHECK_MESSAGE(!is_licence_file(name), name);
}

TEST_CASE("a folder's card gives the fields of its licence as they stand, lists and folded texts too") {
    const test::folder folder;
    folder.write("config.json", R"({"_name_or_path": "house/tiny"})");
    folder.write("NOTICE", "n");
    folder.write("README.md", "---\r\nlicense: \"other\"\r\nlicense_name: llama3.2\nlicense_link: >\n  https://a\n  b\n"
                              "tags:\n- license: no\nlanguage:\n- en\n- de\nmodel-index: []\n---\nlicense: text\n");
    const origin_facts facts = facts_of({.model = folder.path()});
    CHECK(facts.front == std::vector<std::string>{"license: \"other\"", "license_name: llama3.2", "license_link: >",
                                                  "  https://a", "  b", "language:", "- en", "- de"});
    CHECK(facts.license == "other");
    CHECK(facts.name == "house/tiny");
    CHECK(facts.is_repository);
    CHECK(facts.licences == std::vector{folder / "NOTICE"});
    CHECK_FALSE(facts.is_gguf);
}

TEST_CASE("a path in config.json is no name of a repository, a card without an end gives nothing, a given name wins") {
    const test::folder folder;
    folder.write("README.md", "---\nlicense: mit\n");
    for (const std::string path : {"/home/me", "./mine", "one", "a/b/c", "me/"}) {
        folder.write("config.json", R"({"_name_or_path": ")" + path + "\"}");
        const origin_facts facts = facts_of({.model = folder.path()});
        CHECK_FALSE(facts.is_repository);
        CHECK(facts.name == folder.path().filename().string());
        CHECK(facts.front.empty());
    }
    const origin_facts named = facts_of({.model = folder.path() / "", .name = "house/other"});
    CHECK(named.name == "house/other");
    CHECK(named.is_repository);
}

TEST_CASE("a GGUF file's metadata name its repository, authors and licence") {
    const test::folder folder;
    folder.write("LICENSE", "l");
    const origin_facts facts = facts_of({.model = test::write_tiny_gguf(folder / "m.gguf")});
    CHECK(facts.is_gguf);
    CHECK(facts.name == "house/tiny");
    CHECK(facts.license == "gemma");
    CHECK(facts.front == std::vector<std::string>{"license: \"gemma\""});
    CHECK(facts.licences == std::vector{folder / "LICENSE"});
    CHECK(facts.said.size() == 3);
}
