# shellcheck shell=bash
# shellcheck disable=SC2034  # the variables are for run
# options.sh - the command line of run and shell.
#
# Sourced by run, after lib.sh.

kernel=6.1
cpus=
mem=1G
module=1
time_travel=0
icount=0
out=
log=
timeout=1800
append=
interactive=0
vm_command=()
vm_rows=24
vm_columns=80
tty_state=

# parse_options ARGUMENT... : sets the variables above.
parse_options() {
	while (( $# )); do
		case $1 in
		--help | -h) help_text "$0"; exit 0 ;;
		--no-module) module=0 ;;
		--time-travel) time_travel=1 ;;
		--icount) icount=1 ;;
		--interactive) interactive=1 ;;
		--kernel | --cpus | --mem | --out | --log | --timeout | --append)
			(( $# >= 2 )) || usage_error "$1 needs a value"
			printf -v "${1#--}" %s "$2"
			shift
			;;
		--*=*)
			local option=${1%%=*} value=${1#*=}
			shift
			set -- "$option" "$value" "$@"
			continue
			;;
		--) shift; break ;;
		-*) usage_error "unknown option $1" ;;
		*) break ;;
		esac
		shift
	done
	vm_command=("$@")
	check_options
}

check_options() {
	check_kernel "$kernel"
	[[ $timeout =~ ^[1-9][0-9]*$ ]] ||
		usage_error "--timeout needs whole seconds, not '$timeout'"
	[[ $mem =~ ^[1-9][0-9]*[MG]$ ]] ||
		usage_error "--mem needs a size such as 512M or 2G, not '$mem'"
	[[ $cpus =~ ^([1-9][0-9]*)?$ ]] ||
		usage_error "--cpus needs a number, not '$cpus'"
	if is_uml "$kernel"; then
		(( ${cpus:-1} == 1 )) || usage_error "$kernel has one processor"
		(( icount == 0 )) || usage_error "--icount is for 6.1 and 6.12"
	else
		(( time_travel == 0 )) ||
			usage_error "--time-travel is for uml and uml-debug"
		(( icount == 0 || ${cpus:-1} == 1 )) ||
			usage_error "--icount has one processor"
		(( EUID == 0 )) || die "$kernel needs root, to show the guest all files"
	fi
	[[ -n $cpus ]] || { cpus=2; (( icount == 0 )) || cpus=1; }
	if [[ -n $out ]]; then
		[[ $out != *[$' \t\n,']* ]] ||
			usage_error "--out cannot take a name with a space or comma"
		[[ -d $out && -w $out ]] ||
			usage_error "--out '$out' is no directory to write to"
		out=$(cd "$out" && pwd -P)
	fi
	if (( interactive )); then
		check_terminal
	elif (( ${#vm_command[@]} == 0 )); then
		usage_error "no COMMAND given"
	fi
}

check_terminal() {
	[[ -t 0 && -t 1 ]] || usage_error "an interactive guest needs a terminal"
	(( ${#vm_command[@]} )) || vm_command=(bash)
	tty_state=$(stty -g)
	read -r vm_rows vm_columns < <(stty size)
}
