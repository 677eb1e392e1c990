"""The rules about the program: checkpoints, tensors, gradients, packages, permissions, network and files.

They come after the rules about the machine, see `trainmon.meaning.diagnosis_rules`, which says how rules are read.
"""

from trainmon.meaning.diagnosis_rules import Category, Rule

_TORCH = "https://docs.pytorch.org/docs/stable"
_SERIALIZATION = f"{_TORCH}/notes/serialization.html"
_EXCEPTIONS = "https://docs.python.org/3/library/exceptions.html"

PROGRAM_RULES: tuple[Rule, ...] = (
    # Checkpoints.
    Rule(
        Category.CHECKPOINT_FILE,
        r"weights only load failed|weightsunpickler",
        "save state_dict() instead of whole objects; for a file that you trust, allow the classes with "
        "torch.serialization.add_safe_globals or load with weights_only=False",
        f"{_SERIALIZATION}#weights-only",
    ),
    Rule(
        Category.CHECKPOINT_FILE,
        r"pytorchstreamreader failed|archive is corrupted|not a zip file|memo value not found|invalid load key|"
        r"pickle data was truncated|ran out of input|error while deserializing header|incompletemetadata",
        "load the checkpoint before it: this file is cut or damaged; save to a temporary name and rename it when done",
        _SERIALIZATION,
    ),
    Rule(
        Category.CHECKPOINT,
        r"error\(s\) in loading state_dict|key\(s\) in state_dict|copying a param with shape|ignore_mismatched_sizes",
        "build the model with the configuration that the checkpoint was saved with; a prefix such as module. or "
        "_orig_mod. comes from DataParallel or torch.compile, and strict=False loads what fits by name",
        f"{_TORCH}/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict",
    ),
    Rule(
        Category.CHECKPOINT,
        r"loaded state dict (?:contains a parameter group|has a different number)",
        "give the optimiser the same parameters in the same groups as when it was saved, or start it anew",
        f"{_TORCH}/generated/torch.optim.Optimizer.load_state_dict.html",
    ),
    # Numbers and tensors.
    Rule(
        Category.NOT_FINITE,
        r"returned nan values in its|is non-finite, so it cannot|either .inf., .nan. or element|constraint real\(\)|"
        r"contained non-finite values|input contains (?:nan|infinity)|\b(?:nan|inf|non-?finite) (?:loss|gradient)|"
        r"loss is (?:nan|inf)|convert float (?:nan|infinity) to integer",
        "lower the learning rate, clip gradients and look at the batch of that step; "
        "torch.autograd.set_detect_anomaly(True) names the operation",
        f"Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063; {_TORCH}/autograd.html#anomaly-detection",
        "FloatingPointError",
    ),
    Rule(
        Category.DEVICE,
        r"expected all tensors to be on the same device|is not on the expected device|found at least two devices|"
        r"indices should be either on|expected a '\w+' device type|device type tensor to numpy|out of meta tensor|"
        r"input type \(torch\.cuda\.\w+\) and (?:weight|bias) type \(torch\.(?!cuda)|"
        r"input type \(torch\.(?!cuda)\w+\) and (?:weight|bias) type \(torch\.cuda",
        "move the model and every batch to one device (x.to(device)), before the optimiser is made; tensors that a "
        "module makes itself need device=x.device, and numpy needs .cpu()",
        f"{_TORCH}/notes/cuda.html#device-agnostic-code",
    ),
    Rule(
        Category.DTYPE,
        r"(?:must|to) have the same dtype|expected (?:scalar type|target dtype)|following scalar types|"
        r"input type \([\w.]+\) and (?:weight|bias) type|cast to the desired output type|destination dtypes match|"
        r"could not infer output dtype|only tensors of floating point|can't convert np\.ndarray of type|"
        r"\" not implemented for '(?:half|bfloat16|float|double|int|long|short|char|byte|bool|complex)|found dtype",
        "cast one side (x.float(), target.long()), or run the block under torch.autocast",
        f"{_TORCH}/amp.html",
    ),
    Rule(
        Category.INDEX,
        r"index out of range in self|\b(?:target|index) -?\d+ is out of bounds",
        "compare the largest label, token id or index with the size of what it points into: num_classes, "
        "num_embeddings, the vocabulary after new tokens",
        f"{_TORCH}/generated/torch.nn.Embedding.html; {_TORCH}/generated/torch.nn.CrossEntropyLoss.html",
    ),
    Rule(
        Category.SHAPE,
        r"stack expects each tensor to be equal size|all input arrays must have the same shape",
        "pad or crop the samples of a batch to one size, or give the loader a collate_fn that does",
        f"{_TORCH}/data.html#working-with-collate-fn",
    ),
    Rule(
        Category.SHAPE,
        r"expected more than 1 value per channel",
        "drop the last batch where it has one sample (DataLoader(drop_last=True)), or call model.eval()",
        f"{_TORCH}/generated/torch.nn.BatchNorm1d.html",
    ),
    Rule(
        Category.SHAPE,
        r"shapes? cannot be multiplied|must match the (?:size|existing size)|is invalid for input of size|"
        r"sizes of tensors must match|to have \d+ channels, but got|\(unbatched\) or|expected input with shape|"
        r"should contain \d+ elements not|to match target batch_size|different to the input size|"
        r"expected size for first two dimensions|must be equal to input_size|does not broadcast|"
        r"could not be broadcast|number of dimensions in the tensor input does not match|core dimension|"
        r"dimensions .{0,60}must match|cannot reshape array|size mismatch|not aligned|not broadcastable|"
        r"matrix sizes do not fit|expects? \d+ (?:inputs|values|features)",
        "print the shapes just before the line that failed, and compare them with what the layer was made for",
        f"{_TORCH}/notes/broadcasting.html",
    ),
    Rule(
        Category.GRADIENT,
        r"backward through the graph a second time",
        "call backward once a step, and .detach() what is carried from one step to the next",
        f"{_TORCH}/generated/torch.Tensor.backward.html",
    ),
    Rule(
        Category.GRADIENT,
        r"does not require grad and does not have a grad_fn",
        "check that the forward pass is not under no_grad, and that the parameters require gradients",
        f"{_TORCH}/notes/autograd.html#locally-disabling-gradient-computation",
    ),
    Rule(
        Category.GRADIENT,
        r"modified by an inplace operation|being used in an in-?place operation",
        "replace the in-place operation (+=, relu_, x[i] = …) by one that makes a new tensor",
        f"{_TORCH}/notes/autograd.html#in-place-operations-with-autograd",
    ),
    # Packages.
    Rule(
        Category.VERSION,
        r"undefined symbol|glibc(?:xx)?_[\d.]+.{0,6} not found|cannot open shared object|compiled using numpy 1|"
        r"binary incompatib|numpy\.dtype size changed|module 'numpy' has no attribute|operator \w+::\w+ does not exist|"
        r"is required for a normal functioning|cannot import name",
        "install versions that were made for each other, all in one command, in a fresh environment",
        "https://packaging.python.org/en/latest/tutorials/installing-packages/; https://pytorch.org/get-started/",
    ),
    Rule(
        Category.IMPORT,
        "",
        "check that the program runs in the environment in which the package is installed (python -m pip list)",
        f"{_EXCEPTIONS}#ImportError",
        "ModuleNotFoundError ImportError PackageNotFoundError",
    ),
    # The world outside.
    Rule(
        Category.PERMISSION,
        r"cannot access gated repo|\b40[13] client error|\b40[13] (?:unauthorized|forbidden)|you must be authenticated",
        "log in (hf auth login, or HF_TOKEN), and accept the terms of the model on its page",
        "https://huggingface.co/docs/hub/models-gated",
        "GatedRepoError",
    ),
    Rule(
        Category.PERMISSION,
        r"permission denied|operation not permitted|read-only file system",
        "check the owner and the mode of the file and of the folders above it, and whether the mount is read-only",
        "errno(3), EACCES, EPERM and EROFS",
        "PermissionError",
    ),
    Rule(
        Category.NETWORK,
        r"address already in use",
        "end the process that has the port (ss -ltnp), or choose another one (MASTER_PORT, torchrun --master-port)",
        "https://docs.pytorch.org/docs/stable/elastic/run.html",
    ),
    Rule(
        Category.NETWORK,
        r"client socket has (?:timed out|failed to connect)",
        "check that rank 0 runs, that MASTER_ADDR names it, and that no firewall blocks MASTER_PORT",
        f"{_TORCH}/distributed.html#tcp-initialization",
    ),
    Rule(
        Category.NETWORK,
        r"name or service not known|temporary failure in name resolution|failed to resolve|network is unreachable|"
        r"connection (?:refused|reset|aborted|timed out)|max retries exceeded|read(?: operation)? timed out|"
        r"\b(?:429|5\d\d) (?:client|server) error|certificate verify failed|we couldn't connect to",
        "check the connection and the proxy settings, and try again; download before the run, and keep it offline",
        "https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables (HF_HUB_OFFLINE)",
        "ConnectionError ConnectionResetError ConnectionRefusedError ConnectionAbortedError gaierror URLError "
        "HTTPError SSLError ReadTimeout ConnectTimeout MaxRetryError LocalEntryNotFoundError RemoteDisconnected "
        "IncompleteRead",
    ),
    Rule(
        Category.MISSING_FILE,
        r"no such file or directory|parent directory .{1,400} does not exist",
        "check the path as seen from the folder in which the program runs, and make its folder first",
        f"{_EXCEPTIONS}#FileNotFoundError",
        "FileNotFoundError",
    ),
    Rule(
        Category.UNREADABLE_FILE,
        r"input/output error|stale file handle|transport endpoint is not connected",
        "check the disk or the network mount (dmesg), and try again once it is back",
        "errno(3), EIO, ESTALE and ENOTCONN",
    ),
    Rule(
        Category.UNREADABLE_FILE,
        r"cannot identify image file|image file is truncated|codec can't decode|is a directory|not a directory|"
        r"expecting (?:value|property name)|unterminated string",
        "look at the file that is named: it is cut, empty or of another kind than the program expects",
        f"{_EXCEPTIONS}#OSError",
        "IsADirectoryError NotADirectoryError UnidentifiedImageError UnicodeDecodeError JSONDecodeError BadZipFile "
        "BadGzipFile",
    ),
    Rule(
        Category.INTERRUPT,
        "",
        "continue from the last checkpoint: somebody pressed Ctrl-C, or the scheduler sent SIGINT",
        f"{_EXCEPTIONS}#KeyboardInterrupt",
        "KeyboardInterrupt",
    ),
)
"""The first that fits wins."""
