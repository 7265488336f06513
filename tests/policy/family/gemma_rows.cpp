#include <doctest/doctest.h>

#include <preflearn/policy/family/families.hpp>

using namespace preflearn;

TEST_CASE("every norm of a Gemma is stored less one in folders and plain in GGUF, and nothing else is") {
    for (const decoder_family& family : {families::gemma, families::gemma2, families::gemma3}) {
        CAPTURE(family.model_type);
        std::size_t norms = 0;
        for (const tensor_entry& entry : family.tensors) {
            const bool norm = entry.hugging_face.name.find("norm") != std::string_view::npos;
            norms += norm;
            CHECK(is_norm(entry.role) == norm);
            CHECK(entry.hugging_face.form == (norm ? stored_form::less_one : stored_form::plain));
            CHECK(entry.gguf.form == stored_form::plain);
        }
        CHECK(norms == (family == families::gemma ? 3 : family == families::gemma2 ? 5 : 7));
    }
}
