# Data of the example studies that are not about language (config/digits.yaml).


rule digit_stimuli:
    output:
        local("results/examples/digits/stimuli.csv"),
    log:
        "results/examples/digits/logs/stimuli.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    message:
        "Stimulus table of handwritten digits"
    script:
        "../scripts/digit_stimuli.py"


rule digit_network:
    output:
        local("results/examples/digits/network-seed{seed}-steps{steps}.npz"),
    log:
        "results/examples/digits/logs/network-seed{seed}-steps{steps}.log",
    wildcard_constraints:
        seed=r"\d+",
        steps=r"\d+",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    message:
        "Vision network, seed {wildcards.seed}, {wildcards.steps} steps"
    script:
        "../scripts/digit_network.py"
