"""TRL's DPOTrainer on pairs of token ids: its own collator, loss and backward pass, without the parts that read texts."""
import copy
import logging
import os
import tempfile
import warnings

os.environ.setdefault("TQDM_DISABLE", "1")

logging.getLogger("bitsandbytes").setLevel(logging.CRITICAL)

import torch  # noqa: E402
import transformers  # noqa: E402
from datasets import Dataset  # noqa: E402
from peft import LoraConfig  # noqa: E402
from trl import DPOConfig, DPOTrainer  # noqa: E402

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
warnings.filterwarnings("ignore", category=FutureWarning)
logging.getLogger("trl").setLevel(logging.ERROR)


class TokenTrainer(DPOTrainer):
    """Takes ids as they are, and reference log-probabilities as they were computed before."""

    def _prepare_dataset(self, dataset, *_):
        return dataset

    def _precompute_ref_logps(self, dataset, *_):
        return dataset


def make_trainer(model, tokenizer, pairs, rank=0):
    """Everything at TRL's defaults, but the type of the numbers is the model's, activations are not computed twice, and
    a step is one pair. `rank`: of a LoRA adapter on all matrices, which learns alone."""
    rows = [{"prompt_ids": p["prompt_ids"], "chosen_ids": p["chosen_ids"], "rejected_ids": p["rejected_ids"],
             "ref_chosen_logps": p.get("chosen_logp", 0.0), "ref_rejected_logps": p.get("rejected_logp", 0.0)}
            for p in pairs]
    settings = DPOConfig(output_dir=tempfile.gettempdir(), use_cpu=True, bf16=False, gradient_checkpointing=False,
                         precompute_ref_log_probs=True, per_device_train_batch_size=1, max_length=None, report_to=[])
    adapter = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")
    return TokenTrainer(model, args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer,
                        peft_config=adapter if rank else None)


def take_step(trainer, most=None):
    """Forward and backward over all pairs, or the first few, one at a time; no update of weights."""
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.zero_grad()
    for batch in trainer.made_batches[:most]:
        trainer.training_step(trainer.model, batch)


def make_batches(trainer, size=1):
    data = trainer.train_dataset
    rows = [data[i] for i in range(len(data))]
    trainer.made_batches = [trainer.data_collator(rows[i:i + size]) for i in range(0, len(rows), size)]
    return trainer


def log_probs(trainer):
    """Of all responses, as precompute_ref_log_probs finds them: chosen and rejected of each pair in turn."""
    trainer.model.eval()
    values = []
    for batch in trainer.made_batches:
        chosen, rejected = trainer.compute_ref_log_probs(trainer.model, batch)
        values += [float(v) for both in zip(chosen, rejected) for v in both]
    return values


def load(folder_or_file):
    """transformers' model in float32 and tokenizer of a GGUF file or a Hugging Face folder."""
    path = os.path.abspath(folder_or_file)
    folder, file = (path, None) if os.path.isdir(path) else os.path.split(path)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
    model.is_quantized = False  # no more: the numbers of a quantised file are floats now, and Trainer would refuse them
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    return model, transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)


def copied(model, dtype):
    return copy.deepcopy(model).to(dtype)
