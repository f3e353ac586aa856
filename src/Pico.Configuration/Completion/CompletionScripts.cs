namespace Pico.Configuration.Completion;

/// <summary>The scripts by which shells ask a program for what the word under the cursor may become (<see cref="Completer"/>).</summary>
public static class CompletionScripts
{
    /// <summary>For bash 4.4 and later. Readline takes <c>=</c> and <c>:</c> for the beginning of a word, so what stands before them in the word is taken off the candidates.</summary>
    public static string Bash(string program) => Fill(program, """
        # Completion of PROGRAM for bash. In ~/.bashrc:  source <(PROGRAM completion bash)
        _FUNCTION() {
            local line=${COMP_LINE:0:COMP_POINT} candidate word begun
            word=${line##*[[:space:]]}
            begun=${COMP_WORDS[COMP_CWORD]:0:${#word}}
            case $begun in '=' | ':') begun= ;; esac
            COMPREPLY=()
            while IFS= read -r candidate; do
                if [[ $candidate == 'FILES' ]]; then
                    compopt -o default
                    continue
                fi
                candidate=${candidate%%$'\t'*}
                COMPREPLY+=("${candidate#"${word%"$begun"}"}")
            done < <("${1/#\~/$HOME}" 'REQUEST' "$line" 2>/dev/null)
        }
        complete -F _FUNCTION PROGRAM

        """);

    /// <summary>For zsh: to be sourced, or as a file <c>_PROGRAM</c> in the function path.</summary>
    public static string Zsh(string program) => Fill(program, """
        #compdef PROGRAM
        # Completion of PROGRAM for zsh. In ~/.zshrc, after compinit:  source <(PROGRAM completion zsh)
        _FUNCTION() {
            local line files
            local -a candidates
            for line in "${(@f)$("${(Q)${~words[1]}}" 'REQUEST' "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}"; do
                if [[ $line == 'FILES' ]]; then
                    files=1
                elif [[ $line == *$'\t'* ]]; then
                    candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
                elif [[ -n $line ]]; then
                    candidates+=("${line//:/\\:}")
                fi
            done
            if (( $#candidates )); then
                _describe PROGRAM candidates
            elif [[ -n $files ]]; then
                compset -P '*='
                _files
            else
                return 1
            fi
        }
        if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
            _FUNCTION "$@"
        else
            compdef _FUNCTION PROGRAM
        fi

        """);

    /// <summary>For fish 3 and later.</summary>
    public static string Fish(string program) => Fill(program, """
        # Completion of PROGRAM for fish. In ~/.config/fish/config.fish:  PROGRAM completion fish | source
        function __FUNCTION_complete
            set -l words (commandline -opc)
            for candidate in ($words[1] 'REQUEST' (commandline -cp | string collect) 2>/dev/null)
                if test "$candidate" = 'FILES'
                    set -l before (string match -r '^--[^=]*=' -- (commandline -ct))
                    for path in (__fish_complete_path (commandline -ct | string replace -r '^--[^=]*=' ''))
                        echo "$before$path"
                    end
                else
                    echo $candidate
                end
            end
        end
        complete -c PROGRAM -f -a '(__FUNCTION_complete)'

        """);

    private static string Fill(string program, string script) => script
        .Replace("PROGRAM", program, StringComparison.Ordinal)
        .Replace("FUNCTION", program.Replace('-', '_'), StringComparison.Ordinal)
        .Replace("REQUEST", Completer.Request, StringComparison.Ordinal)
        .Replace("FILES", Completer.Files, StringComparison.Ordinal)
        .ReplaceLineEndings("\n");
}
