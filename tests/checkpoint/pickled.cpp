#include <doctest/doctest.h>

#include <string>

#include <preflearn/checkpoint/pickled.hpp>
#include <preflearn/checkpoint/safetensors.hpp>

#include "../files.hpp"

using namespace preflearn;

TEST_CASE("pickled weights are refused with the line that converts them, unless safetensors lie beside them") {
    const test::folder folder;
    const auto error = [&] { return test::error_of([&] { (void)read_safetensors(folder.path()); }); };
    folder.write("training_args.bin", "PK");
    CHECK(test::contains(error(), "it has 0 *.safetensors"));
    folder.write("pytorch_model-00002-of-00002.bin", "PK");
    folder.write("pytorch_model-00001-of-00002.bin", "PK");
    CHECK(error().starts_with((folder / "pytorch_model-00001-of-00002.bin").string() + ": holds pickled weights"));
    CHECK(error().ends_with("torch_dtype='auto').save_pretrained(sys.argv[1])\" '" + folder.path().string() + "'"));
    write_safetensors(folder / "model.safetensors", {});
    CHECK(error().empty());

    CHECK(test::contains(test::error_of([] { refuse_pickled("it's/model.pt"); }), " 'it'\\''s'"));
    CHECK(test::contains(test::error_of([] { refuse_pickled("model.pth"); }), " '.'"));
    CHECK_NOTHROW(refuse_pickled("model.gguf"));
}
